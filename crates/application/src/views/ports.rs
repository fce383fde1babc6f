//! The port behind which counts are kept.

use async_trait::async_trait;
use domain::{ChannelId, ProductId, Timestamp};

use super::Window;

/// Why counts could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("the view counts are not available")]
pub struct ViewsError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl ViewsError {
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// How often a product was viewed in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewCount {
    pub channel: ChannelId,
    pub product: ProductId,
    pub views: u64,
}

/// Keeps counts for as long as the longest [`Window`] reaches back, in the slots of each. It MUST answer or fail in about
/// a second, and MAY forget the rarest products of a slot, and at any time everything.
#[async_trait]
pub trait ViewCounter: Send + Sync + 'static {
    /// Adds views of the instant `at` to the slots that it lies in. What fails MAY have been added in part.
    async fn add(&self, at: Timestamp, counts: &[ViewCount]) -> Result<(), ViewsError>;

    /// The products with the most views over the window that ends at `at`, and how many, at most `most` of them; those of
    /// the oldest slot count for the part of it that the window still reaches. MAY be a few seconds old. Of two with as
    /// many the one with the greater id comes first.
    async fn top(
        &self,
        channel: ChannelId,
        window: Window,
        at: Timestamp,
        most: usize,
    ) -> Result<Vec<(ProductId, u64)>, ViewsError>;
}
