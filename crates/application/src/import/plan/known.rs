//! What the records of a wave refer to, looked up once for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use domain::product_type::ProductTypeState;
use domain::{CategoryId, ChannelId, ProductId, ProductTypeId};

use crate::category::CategoryRef;
use crate::product::{Found, ProductDraft, ProductRef};
use crate::resource::ResourceRef;

/// What a wave refers to.
pub(super) struct Known {
    pub(super) categories: HashMap<CategoryRef, CategoryId>,
    pub(super) others: Others,
    pub(super) types: HashMap<ResourceRef<ProductTypeId>, Arc<ProductTypeState>>,
}

/// What records of a wave refer to beside categories.
pub(super) struct Others {
    pub(super) channels: HashMap<ResourceRef<ChannelId>, ChannelId>,
    pub(super) products: HashMap<ProductRef, ProductId>,
}

impl Known {
    pub(super) fn found(&self, draft: &ProductDraft) -> Found {
        let Self {
            categories, others, ..
        } = self;
        let channels = draft.channel_refs();
        let relations = draft.relation_refs();
        Found {
            categories: draft
                .categories
                .iter()
                .map(|c| categories.get(c).copied())
                .collect(),
            channels: channels.iter().map(|c| others.channels.get(c).copied()).collect(),
            relations: relations
                .iter()
                .map(|p| others.products.get(p).copied())
                .collect(),
        }
    }
}
