//! Resources that are stored as a whole, shown on channels.

use domain::channel::{Channel, ChannelContent, ChannelState};
use domain::value::Key;
use domain::{Change, ChannelId};

use super::fixtures::{channel, text};
use super::{Harness, conflict, stale};
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::resource::{ResourceRef, resolve};
use crate::store::ConflictRule;

fn created(h: &Harness, content: ChannelContent) -> Change<ChannelState> {
    Channel::create(ChannelId::new(h.id()), content, h.now())
        .into_change()
        .unwrap()
}

fn edited(state: &ChannelState, edit: impl FnOnce(&mut Channel)) -> Change<ChannelState> {
    let mut channel = Channel::load(state.clone());
    edit(&mut channel);
    channel.into_change().unwrap()
}

async fn stored(h: &Harness) -> ChannelState {
    let change = created(h, channel(h));
    let state = change.after.clone();
    h.commit(change).await.unwrap();
    state
}

async fn found(h: &Harness, id: ChannelId) -> Option<ChannelState> {
    h.channels.find(&ResourceRef::Id(id), false).await.unwrap()
}

pub async fn come_back_as_they_were(h: &Harness) {
    let state = stored(h).await;
    assert_eq!(found(h, state.id).await.as_ref(), Some(&state));
    let by_key = ResourceRef::Key(state.content.key.clone());
    assert_eq!(
        h.channels.find(&by_key, false).await.unwrap(),
        Some(state.clone())
    );
    let page = PageRequest {
        sort: Sort {
            field: SortField::UpdatedAt,
            descending: true,
        },
        after: None,
        limit: 10,
        count: Count::Exact,
    };
    let listed = h.channels.list(false, &page).await.unwrap();
    assert_eq!(
        (listed.items, listed.total.map(|t| t.items)),
        (vec![state], Some(1))
    );
    let entries = h
        .log
        .read(crate::changelog::LogPosition::default(), 10)
        .await
        .unwrap();
    let words: Vec<_> = entries
        .iter()
        .map(|e| (e.resource.as_str(), e.events.as_str()))
        .collect();
    assert_eq!(words, [("channel", "created")]);
}

pub async fn are_named_once(h: &Harness) {
    let first = stored(h).await;
    let twin = ChannelContent {
        key: first.content.key.clone(),
        ..channel(h)
    };
    let change = created(h, twin);
    let id = change.after.id.uuid();
    let met = conflict(h.commit(change.clone()).await);
    assert_eq!(
        (met.rule, met.subject, met.existing),
        (ConflictRule::ChannelKey, Some(id), Some(first.id.uuid()))
    );
    let gone = edited(&first, |c| c.delete(h.now()).unwrap());
    h.commit(vec![change, gone]).await.unwrap();
}

pub async fn are_found_among_many(h: &Harness) {
    let (a, b, c) = (stored(h).await, stored(h).await, stored(h).await);
    h.commit(edited(&c, |c| c.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let refs = [
        ResourceRef::Key(b.content.key.clone()),
        ResourceRef::Id(a.id),
        ResourceRef::Id(c.id),
        ResourceRef::Key(c.content.key),
        ResourceRef::Key(Key::parse("nobody").unwrap()),
        ResourceRef::Key(b.content.key.clone()),
    ];
    assert_eq!(
        resolve(&*h.channels, &refs).await.unwrap(),
        [Some(b.id), Some(a.id), None, None, None, Some(b.id)]
    );
}

pub async fn change_version_by_version(h: &Harness) {
    let first = stored(h).await;
    let renamed = |name: &str| {
        let content = ChannelContent {
            name: text(name),
            ..first.content.clone()
        };
        edited(&first, |c| c.revise(content, h.now()).unwrap())
    };
    let (ours, theirs) = (renamed("Ours"), renamed("Theirs"));
    h.commit(ours.clone()).await.unwrap();
    assert_eq!(stale(h.commit(theirs).await), ("channel", first.id.uuid()));
    assert_eq!(found(h, first.id).await, Some(ours.after));
}

pub async fn leave_and_return(h: &Harness) {
    let first = stored(h).await;
    let gone = edited(&first, |c| c.delete(h.now()).unwrap());
    h.commit(gone.clone()).await.unwrap();
    assert_eq!(found(h, first.id).await, None);
    let key = ResourceRef::Key(first.content.key.clone());
    assert_eq!(
        h.channels.find(&key, true).await.unwrap(),
        Some(gone.after.clone())
    );
    let back = edited(&gone.after, |c| c.restore(h.now()).unwrap());
    h.commit(back.clone()).await.unwrap();
    assert_eq!(found(h, first.id).await, Some(back.after));
}
