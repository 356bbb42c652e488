//! Passwords: which ones are taken, and hashing that never has more than two cores' worth of work.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Email, Fault, Kind, Username};
use tokio::sync::Semaphore;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too short or too long.
    #[error("a password has 10 to 128 characters")]
    Length,
    /// Among the first that anybody would guess.
    #[error("that password is too easy to guess; take another")]
    Guessable,
}

impl Fault for PasswordError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Length => "PASSWORD_LENGTH",
            Self::Guessable => "PASSWORD_GUESSABLE",
        }
    }
}

/// More people are signing in than we can check at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people are signing in right now; try again in a moment")]
pub(crate) struct Busy;

impl Fault for Busy {
    fn kind(&self) -> Kind {
        Kind::TooMany(Duration::from_secs(2))
    }

    fn code(&self) -> &'static str {
        "BUSY"
    }
}

/// Whether we take this password for this user. Nothing is cut off or changed.
pub(crate) fn must_be_good(password: &str, username: &Username, email: &Email) -> Result<(), PasswordError> {
    if !(10..=128).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let plain = password.to_lowercase();
    let own = [username.as_str().to_lowercase(), email.as_str().to_lowercase()];
    let one_letter = plain.chars().all(|c| plain.starts_with(c));
    if one_letter || own.contains(&plain) || COMMONEST.contains(&plain.as_str()) {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// The commonest passwords of ten characters and more, in small letters.
const COMMONEST: [&str; 60] = [
    "1234567890",
    "0123456789",
    "9876543210",
    "12345678910",
    "123456789a",
    "a123456789",
    "1234567891",
    "0987654321",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "q1w2e3r4t5",
    "1q2w3e4r5t6y",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop123",
    "qwerty1234",
    "asdfghjkl1",
    "asdfghjkl;",
    "zxcvbnm123",
    "1qazxsw23edc",
    "zaq12wsxcde3",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passwordpassword",
    "p@ssw0rd123",
    "passw0rd123",
    "iloveyou12",
    "iloveyou123",
    "iloveyou1234",
    "iloveyouforever",
    "administrator",
    "admin12345",
    "admin123456",
    "welcome123",
    "welcome1234",
    "letmein123",
    "letmeinplease",
    "changeme123",
    "football123",
    "baseball123",
    "basketball",
    "1234qwerasdf",
    "qwer1234asdf",
    "qwerasdfzxcv",
    "asdf1234qwer",
    "abc1234567",
    "abcd123456",
    "abcdefghij",
    "abcdefghijk",
    "aa12345678",
    "aa123456789",
    "monkey12345",
    "dragon12345",
    "princess123",
    "sunshine123",
    "superman123",
    "livestream",
];

/// The hash of a password that nobody knows. Checked when there is no user, so that it takes as long.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$jHDp5wLiQMzrUhemyy+JAQ$XpUh5ddkz1iUWNG6omR1zQ1GJbnRDY8k9tRGgH7SJ+c";

/// How many hashes are computed at once, and how many more may wait.
const AT_ONCE: usize = 2;
const WAITING: usize = 16;

/// Hashes and checks passwords on threads of its own, a bounded number at once. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    admitted: Arc<Semaphore>,
    computing: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let admitted = Arc::new(Semaphore::new(AT_ONCE + WAITING));
        Self { admitted, computing: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash to store.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Busy> {
        let password = password.to_owned();
        self.compute(move || {
            let hash = hasher().hash_password(password.as_bytes());
            hash.expect("a password of bounded length and a random salt always hash").to_string()
        })
        .await
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and is wrong.
    pub(crate) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Busy> {
        let password = password.to_owned();
        self.compute(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
            let fits =
                PasswordHash::new(&hash).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
            known && fits
        })
        .await
    }

    /// The permits go with the work, so that a client that hangs up does not make room before its hash is done.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Busy)?;
        let computing = Arc::clone(&self.computing).acquire_owned().await.map_err(|_| Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((computing, admitted));
            result
        });
        done.await.map_err(|_| Busy)
    }
}

/// Argon2id as OWASP puts it first: 19 MiB, two passes, one lane.
fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(password: &str) -> Result<(), PasswordError> {
        must_be_good(password, &Username::trusted("mika-streams".into()), &Email::trusted("mika@example.com".into()))
    }

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        assert_eq!(good("correct horse"), Ok(()));
        assert_eq!(good(&"あ".repeat(9)), Err(PasswordError::Length));
        assert_eq!(good("ninechars"), Err(PasswordError::Length));
        assert_eq!(good("tenchars!!"), Ok(()));
        assert_eq!(good(&format!("{}x", "ab".repeat(63))), Ok(()));
        assert_eq!(good(&"ab".repeat(65)), Err(PasswordError::Length));
        for easy in ["Password123", "aaaaaaaaaaaa", "Mika-Streams", "mika@EXAMPLE.com"] {
            assert_eq!(good(easy), Err(PasswordError::Guessable), "{easy}");
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_hash_to_the_last_character() {
        let passwords = Passwords::default();
        let long = format!("{}{}", "x".repeat(126), "yz");
        let hash = passwords.hash(&long).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.verify(&long, Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify(&long[..127], Some(hash)).await, Ok(false));
        assert_eq!(passwords.verify(&long, None).await, Ok(false));
    }

    #[test]
    fn the_hash_that_stands_for_nobody_costs_what_a_real_one_costs() {
        let nobody = PasswordHash::new(NOBODYS).unwrap();
        assert_eq!(Params::try_from(&nobody).unwrap().to_string(), hasher().params().to_string());
        assert_eq!(nobody.hash.unwrap().len(), 32);
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_busy_at_once() {
        let passwords = Passwords::default();
        let held = passwords.admitted.clone().acquire_many_owned((AT_ONCE + WAITING) as u32).await.unwrap();
        assert_eq!(passwords.hash("whatever it is").await, Err(Busy));
        drop(held);
        assert!(passwords.hash("whatever it is").await.is_ok());
    }
}
