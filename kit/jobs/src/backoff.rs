//! How long a job waits before it is tried again. Pure.

use std::time::Duration;

use domain::JobId;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// However often it failed: a part that comes back after an hour finds its jobs within this time.
const MOST: Duration = Duration::from_secs(300);

/// Doubles with every failure, less up to a half: jobs that failed together do not come back together.
/// The chance is taken from the job's own random id, other bits for each failure.
pub(crate) fn wait(job: JobId, failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.min(12)).min(MOST);
    let chance = (job.uuid().as_u128() as u64).rotate_left(failures * 11) >> 34;
    doubled.mul_f64(1.0 - (chance % 1000) as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_never_shrink_by_more_than_half() {
        for failures in 0..40 {
            let full = Duration::from_secs(1 << failures.min(20)).min(MOST);
            for _ in 0..50 {
                let wait = wait(JobId::new(), failures);
                assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?}");
            }
        }
    }

    #[test]
    fn jobs_that_fail_together_come_back_apart() {
        let waits: std::collections::HashSet<_> = (0..50).map(|_| wait(JobId::new(), 8)).collect();
        assert!(waits.len() > 25, "{} different waits of 50", waits.len());
    }
}
