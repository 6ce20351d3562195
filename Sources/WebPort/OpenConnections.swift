/// All connections of a port, on its loop: who has to go when there is one too many, and how much waits to be read by them.
final class OpenConnections {
    private let limits: WebLimits
    private var connections: [ObjectIdentifier: WebConnection] = [:]
    /// Grows with everything that happens: orders it without a clock.
    private var turn: UInt64 = 0
    private(set) var pendingBytes = 0
    private var isStopped = false

    init(_ limits: WebLimits) {
        self.limits = limits
    }

    var count: Int { connections.count }

    /// Whether there is room for one more, at the cost of another one if need be.
    func admit(_ connection: WebConnection) -> Bool {
        guard !isStopped else { return false }
        if connections.count >= limits.maximumConnections {
            guard let leaving = longest(.idle) ?? longest(.slow) else { return false }
            leaving.abandon()
        }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func remove(_ connection: WebConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    func nextTurn() -> UInt64 {
        turn &+= 1
        return turn
    }

    /// Takes note of bytes that somebody is to read, who has read all before; false if there are too many.
    func reserve(_ bytes: Int) -> Bool {
        guard bytes <= limits.maximumPendingBytes else { return false }
        while pendingBytes > limits.maximumPendingBytes - bytes, let leaving = longest(.slow) { leaving.abandon() }
        guard pendingBytes <= limits.maximumPendingBytes - bytes else { return false }
        pendingBytes += bytes
        return true
    }

    func release(_ bytes: Int) {
        pendingBytes -= bytes
    }

    /// Closes all, and admits nobody any more.
    func stop() {
        isStopped = true
        for connection in Array(connections.values) { connection.abandon() }
    }

    /// Who has been doing that, and nothing else, for longest.
    private func longest(_ activity: WebConnection.Activity) -> WebConnection? {
        connections.values.filter { $0.activity == activity }.min { $0.since < $1.since }
    }
}
