//! The past of uploaded files. A deleted file is known from the change log alone.

use application::history::History;
use application::media::MediaRef;
use domain::media::MediaState;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use super::Past;
use crate::http::state::{App, AppState};
use crate::http::v1::media::{media_id, tag};
use crate::problem::Problem;
use crate::wire::MediaFileBody;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    told()
}

pub(in crate::http::v1) struct MediaPast;

impl Past for MediaPast {
    type State = MediaState;
    type Body = MediaFileBody;

    const KIND: &'static str = "media";

    fn history(app: &App) -> &History<MediaState> {
        &app.histories.media
    }

    fn id(media: &MediaState) -> Uuid {
        media.id.uuid()
    }

    async fn find(app: &App, text: &str) -> Result<MediaState, Problem> {
        let id = media_id(text)?;
        let found = match app.media.reader().find(MediaRef::Id(id)).await? {
            Some(media) => Some(media),
            None => app.histories.media.newest(id.uuid()).await?,
        };
        found.ok_or_else(|| Problem::not_found(Self::KIND))
    }

    async fn body(_: &App, media: &MediaState) -> Result<(MediaFileBody, String), Problem> {
        Ok((MediaFileBody::from(media), tag(media)))
    }
}

super::told::told! {
    MediaPast as MediaFileBody,
    tag: "Media", prefix: "", noun: "file",
    path: "/v1/media/{id}", by: ("id", "Id of the file; of a deleted one too", "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
}
