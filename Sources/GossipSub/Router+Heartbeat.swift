import Timeline

/// The heartbeat. Source: gossipsub-v1.0.md, "Heartbeat"; here it beats only while there is work.
extension GossipSubRouter {
    mutating func heartbeat(now: Instant) {
        nextHeartbeat = nil
        backoffWakeUp = nil
        lastHeartbeat = now
        backoffs.forgetExpired(now: now)
        for broken in promises.removeBroken(now: now) { drop(broken.peer, .brokenPromise, times: broken.count, now: now) }
        fanout = fanout.filter { $0.value.lastPublished + configuration.fanoutTTL > now }
        for topic in topics.keys.sorted() { maintainMesh(topic, now: now) }
        graftBetterPeers(now: now)
        emitGossip(now: now)
        cache.shift()
    }

    /// Asks for a heartbeat while messages are to be announced or awaited, or a mesh can be mended. Otherwise asks at most to be
    /// woken when a back-off ends that keeps a mesh too small.
    ///
    /// Nothing else needs time: seen ids, quotas, fanout and pending validations expire when they are touched, and scores are worked
    /// out when they are asked for. A score that changes with time alone has its effect with the next input.
    mutating func scheduleHeartbeat(now: Instant) {
        guard nextHeartbeat == nil else { return }
        backoffWakeUp = nil
        switch cache.isEmpty && promises.isEmpty ? meshOutlook(now: now) : .dueNow {
        case .settled: break
        case .due(let instant): backoffWakeUp = instant
        case .dueNow:
            let soon = now + configuration.heartbeatInitialDelay
            nextHeartbeat = lastHeartbeat.map { max(soon, $0 + configuration.heartbeatInterval) } ?? soon
        }
    }
}
