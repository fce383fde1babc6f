//! What the protocol consists of, piece by piece, so that each piece can be taken out.

/// Something that the cache does for the sake of being right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    // A reader and its own tier.
    /// What is kept is answered only under the stamp it was kept under.
    StampIsCompared,
    /// The stamp is taken before anything is asked for.
    StampComesFirst,
    /// There is no stamp while a write of this instance is under way.
    NoStampUnderWay,
    /// A write raises the generation when it ends.
    EndRaises,
    /// Nothing is kept unless its stamp still is in force.
    KeptUnderPresentStamp,
    /// What was loaded is kept only if its fill was taken.
    KeptOnlyIfFilled,
    /// A reader joins only flights of the present stamp.
    JoinsPresentOnly,
    /// and no flight whose load has begun without a lease.
    UnleasedLoadsLeave,
    /// What is kept is answered only while it is trusted.
    TrustIsAsked,
    /// Trust expires.
    TrustExpires,
    /// It counts from when the question was sent, not from when it came back.
    TrustCountsFromSending,
    /// A new connection begins with forgetting everything.
    ReconnectingForgets,
    /// Hearing of a change raises the generation.
    HearingRaises,

    // The shared tier.
    FillNeedsLease,
    FillNeedsNoFence,
    NoLeaseUnderFence,
    FenceTakesLeases,
    FenceDropsValue,
    FenceIsHeard,
    ReleaseTakesLeases,
    ReleaseDropsValue,
    ReleaseIsHeard,
    /// A fence outlasts the database's time-outs.
    FenceOutlastsCommit,
    /// Entries of an earlier life of the server are not answered.
    EpochIsCompared,
    /// Entries carry the epoch of their lease, not of their fill.
    EpochIsTheLeases,

    // A writer.
    WriteFences,
    WriteReleases,
    /// Waits until other instances have confirmed the fence,
    WriteSettles,
    /// and does so before it commits, not after.
    SettlesFirst,
    /// Waits for the release where the fence was lost meanwhile.
    LostFenceIsNoticed,
    /// A fence that came back with a dump is taken for lost.
    FenceIsOfThisLife,
    /// Waits out the trust where there was no fence and the release failed.
    FailureIsWaitedOut,
    /// A commit in doubt is not released.
    DoubtStaysFenced,
    /// A recovery leaves the fence of a commit in doubt alone.
    DoubtIsNotTidied,
    FailureClosesGate,

    // Recovery and relay.
    RecoveryReleases,
    /// The gate stays closed if anything failed meanwhile.
    RecoveryCountsFailures,
    RelayReleases,
    /// A release is taken for another change's only if it was that change's.
    RelayGoesByChange,
    RelayRaises,
    /// What is read of the log while the gate is closed is read again.
    RelayWaitsForGate,
}
