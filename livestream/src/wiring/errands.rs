//! Short errands of the operator, run beside a running installation.

use anyhow::Context as _;
use domain::Username;
use store::{Store, users};

use crate::config::Config;
use crate::embedded;

/// Makes a user an operator.
pub(crate) async fn make_operator(config: &Config, username: &str) -> anyhow::Result<()> {
    let username = Username::parse(username)?;
    let store = Store::connect_lazy(embedded::running_database(config)?, 1);
    let mut db = store.acquire().await.context("is the installation running? Start it first")?;
    let user =
        users::find_by_username(&mut db, &username).await?.with_context(|| format!("there is no user {username}"))?;
    users::set_operator(&mut db, user.id, true).await?;
    println!("{username} is an operator as of now");
    Ok(())
}
