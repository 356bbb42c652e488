//! Starting, stopping, crashing and starting again.

use anyhow::ensure;
use e2e::{Instance, is_alive, until};
use rustix::process::Signal;

#[tokio::test]
async fn a_stop_leaves_no_process_and_no_socket_and_the_next_start_finds_the_data() -> anyhow::Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let instance = Instance::start(&[]).await?;
        let children = instance.children()?;
        ensure!(children.len() >= 2, "Postgres and Redis are children");
        let account = peer::Api::new(&instance.url).register("mika").await?;
        let stopped = instance.stop(signal).await?;
        ensure!(!children.iter().any(|pid| is_alive(*pid)), "its children have ended");
        for left in ["postgres/.s.PGSQL.5432", "postgres/cluster/postmaster.pid", "redis/redis.sock", "redis/redis.pid"]
        {
            ensure!(!stopped.data().join(left).exists(), "{left} is gone");
        }
        let again = stopped.start().await?;
        peer::Api::new(&again.url).login(&account).await?;
        again.stop(signal).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_crash_takes_the_children_along_and_the_next_start_cleans_up() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let children = instance.children()?;
    let account = peer::Api::new(&instance.url).register("mika").await?;
    let crashed = instance.crash().await?;
    until("the children have ended", || async { !children.iter().any(|pid| is_alive(*pid)) }).await?;
    let again = crashed.start().await?;
    peer::Api::new(&again.url).login(&account).await?;
    let killed = again.kill_tree().await?;
    let third = killed.start().await?;
    peer::Api::new(&third.url).login(&account).await?;
    third.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn two_installations_run_side_by_side_and_a_third_cannot_take_the_data_of_one() -> anyhow::Result<()> {
    let (one, two) = tokio::try_join!(Instance::start(&[]), Instance::start(&[]))?;
    ensure!(one.url != two.url);
    let account = peer::Api::new(&one.url).register("mika").await?;
    ensure!(peer::Api::new(&two.url).login(&account).await.is_err(), "accounts of one are unknown to the other");
    let data = one.data().display().to_string();
    let refusal = Instance::start(&[("DATA_DIR", &data)]).await.expect_err("the folder is taken").to_string();
    ensure!(refusal.contains("another process uses the data folder"), "{refusal}");
    one.stop(Signal::TERM).await?;
    two.stop(Signal::TERM).await?;
    Ok(())
}

#[tokio::test]
async fn the_command_line_makes_a_user_an_operator_beside_a_running_installation() -> anyhow::Result<()> {
    let instance = Instance::start(&[]).await?;
    let mika = peer::Api::new(&instance.url).sign_up("mika").await?;
    let refusal = instance.errand(&["admin", "nobody"]).await.expect_err("there is no such user").to_string();
    ensure!(refusal.contains("there is no user nobody"), "{refusal}");
    instance.errand(&["admin", &mika.account.username]).await?;
    let (status, session) = mika.get("/api/auth/session").await?;
    ensure!(status == 200 && session["is_operator"] == true, "{session}");
    instance.stop(Signal::TERM).await?;
    Ok(())
}
