//! Every half minute: may those who are here still be here, and is anything left over?
//!
//! Costs follow rooms and sessions on this node, not connections.

use std::time::Duration;

use axum::http::StatusCode;
use domain::{Caller, SessionId};
use http_kit::Problem;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::Chat;
use crate::audience::Audience;
use crate::close::Close;

/// Sessions asked about in one command.
const SESSIONS_AT_ONCE: usize = 500;
/// How long Redis may take for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sweeps until `stop`.
pub(crate) async fn run(chat: Chat, stop: CancellationToken) {
    let mut rounds = tokio::time::interval(Duration::from_secs(chat.config().recheck_secs.max(1)));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        if stop.run_until_cancelled(sweep(&chat)).await.is_none() {
            return;
        }
    }
}

async fn sweep(chat: &Chat) {
    chat.hub().close_deserted(chat.now_ms());
    let audiences = chat.hub().audiences();
    for audience in &audiences {
        audience.close_blind();
        recheck(chat, audience).await;
    }
    end_revoked(chat, &audiences).await;
}

/// Asks about the room as anybody sees it; only if anybody may not see it, about each person in it.
async fn recheck(chat: &Chat, audience: &Audience) {
    match chat.rooms().room(audience.stream, &Caller::Anonymous).await {
        Ok(room) => return audience.correct(room),
        Err(problem) if !is_final(&problem) => return,
        Err(_) => audience.close_session(None, Close::NotAllowed),
    }
    for (session, identity) in audience.people() {
        match chat.rooms().room(audience.stream, &Caller::User(identity)).await {
            Ok(room) => audience.correct(room),
            Err(problem) if is_final(&problem) => audience.close_session(Some(session), Close::NotAllowed),
            Err(_) => {}
        }
    }
}

/// Whether it is a no, and not a part that is away for the moment.
fn is_final(problem: &Problem) -> bool {
    matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
}

async fn end_revoked(chat: &Chat, audiences: &[std::sync::Arc<Audience>]) {
    let sessions: Vec<SessionId> = audiences.iter().flat_map(|audience| audience.people().into_keys()).collect();
    for some in sessions.chunks(SESSIONS_AT_ONCE) {
        // Unknown is not revoked: while Redis is away everybody stays.
        for session in revoked(chat, some).await.unwrap_or_default() {
            for audience in audiences {
                audience.close_session(Some(session), Close::SessionEnded);
            }
        }
    }
}

async fn revoked(chat: &Chat, sessions: &[SessionId]) -> Option<Vec<SessionId>> {
    let mut asked = redis::pipe();
    for session in sessions {
        asked.exists(chat.redis().revoked_session_key(*session));
    }
    let mut commands = chat.redis().commands();
    let answers: Vec<bool> = timeout(PATIENCE, asked.query_async(&mut commands)).await.ok()?.ok()?;
    Some(sessions.iter().zip(answers).filter_map(|(session, is_revoked)| is_revoked.then_some(*session)).collect())
}
