//! `GET /api/archives/{archive_id}` and `GET /api/archives`: what is left of streams.

use axum::extract::State;
use domain::{Archive, ArchiveId, Caller, Fault, Kind, Visibility};
use http_kit::{Json, Page, PageQuery, Path, Problem, Query, Viewer};
use serde::Deserialize;
use store::StoreError;
use store::archives::{self, Filter};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::view::{ArchiveList, ArchiveView, ErrorView};
use crate::{Api, Shared};

/// Which archives.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArchiveQuery {
    /// Only this creator's.
    user_id: Option<Uuid>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// 1 to 100; 20 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The archive was not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindError {
    /// There is none, or it is a stranger's private one.
    #[error("there is no archive {0}")]
    NoSuchArchive(ArchiveId),
    /// The database did not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for FindError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchArchive(_) => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchArchive(_) => "ARCHIVE_NOT_FOUND",
            Self::Store(error) => error.code(),
        }
    }
}

/// One archive. A stranger's private one is not found.
#[utoipa::path(
    get, path = "/api/archives/{archive_id}", tag = "archives", operation_id = "archive",
    params(("archive_id" = Uuid, Path, description = "Which archive")),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The archive", body = ArchiveView),
        (status = 404, description = "ARCHIVE_NOT_FOUND, NOT_FOUND", body = ErrorView),
    ),
)]
pub(crate) async fn one(
    State(api): State<Shared>,
    Viewer(caller): Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<ArchiveView>, Problem> {
    Ok(Json(api.archive_view(&caller, id.into()).await?))
}

/// Archives, newest first: public ones that can be watched, and all of one's own when asked by `user_id`.
#[utoipa::path(
    get, path = "/api/archives", tag = "archives", operation_id = "listArchives", params(ArchiveQuery),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A page of archives", body = ArchiveList),
        (status = 400, description = "QUERY_INVALID, CURSOR_INVALID, LIMIT_INVALID", body = ErrorView),
    ),
)]
pub(crate) async fn list(
    State(api): State<Shared>,
    Viewer(caller): Viewer,
    Query(query): Query<ArchiveQuery>,
) -> Result<Json<ArchiveList>, Problem> {
    let (cursor, limit) = PageQuery { cursor: query.cursor, limit: query.limit }.parse()?;
    let owner = query.user_id.map(Into::into);
    let sees_all = owner.is_some_and(|owner| caller.is(owner));
    let filter = Filter {
        owner,
        visibility: (!sees_all).then_some(Visibility::Public),
        only_watchable: !sees_all,
        before: cursor.map(|cursor| cursor.0.into()),
    };
    let archives = archives::list(&mut *api.store.acquire().await?, &filter, i64::from(limit) + 1).await?;
    let page = Page::cut(archives, limit, |archive| archive.id.uuid(), |archive| archive);
    let items = api.archive_views(&caller, page.items).await?;
    Ok(Json(ArchiveList { items, next_cursor: page.next_cursor }))
}

impl Api {
    /// The view of one archive, if the caller may know of it.
    pub(crate) async fn archive_view(&self, caller: &Caller, id: ArchiveId) -> Result<ArchiveView, FindError> {
        let found = archives::find(&mut *self.store.acquire().await?, id).await?;
        let archive = found.filter(|archive| archive.is_visible_to(caller)).ok_or(FindError::NoSuchArchive(id))?;
        let mut views = self.archive_views(caller, vec![archive]).await?;
        views.pop().ok_or(FindError::NoSuchArchive(id))
    }

    async fn archive_views(&self, caller: &Caller, archives: Vec<Archive>) -> Result<Vec<ArchiveView>, StoreError> {
        let owners = self.owners(archives.iter().map(|archive| archive.owner)).await?;
        let view = |archive: Archive| {
            let owner = owners.get(&archive.owner)?.clone();
            Some(ArchiveView::new(archive, owner, caller, &self.config))
        };
        Ok(archives.into_iter().filter_map(view).collect())
    }
}
