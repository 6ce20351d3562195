import IPAddresses
import Mesh
import Timeline
import WeftTestKit

extension Scenario {
    /// The same scenario for the same seed.
    package init(seed: UInt64) {
        var builder = ScenarioBuilder(seed: seed)
        self = builder.build()
    }
}

/// Draws a scenario.
struct ScenarioBuilder {
    private var generator: SeededGenerator
    private let seed: UInt64
    private let kind: Scenario.Kind
    private var count = 0
    private var plan = FaultPlan()
    private var nextCut = 0
    /// Machines that begin to run only with a fault.
    private var reserved: Set<Int> = []
    /// Machines that are not to run in the end.
    private var gone: Set<Int> = []

    init(seed: UInt64) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        kind = Scenario.Kind.allCases.randomElement(using: &generator) ?? .mixed
    }

    mutating func build() -> Scenario {
        count = kind == .collisions ? below(4) + 2 : drawCount()
        var specifications = (0..<count).map { specification($0) }
        if kind == .collisions { nameAlike(&specifications) }
        startAll()
        switch kind {
        case .calm: break
        case .collisions: maybe(50) { $0.addCut(isOneWay: false) }
        case .partition, .oneWay, .crashes, .churn, .clocks, .roaming, .clones: addFaults(of: kind)
        case .mixed:
            let kinds: [Scenario.Kind] = [.partition, .oneWay, .crashes, .churn, .clocks, .roaming]
            for _ in 0..<(2 + below(3)) { addFaults(of: kinds[below(kinds.count)]) }
        }
        bringBack()
        var scenario = Scenario(seed: seed, kind: kind, machines: specifications, overlay: overlay())
        scenario.network = network()
        scenario.plan = plan
        if kind == .roaming, scenario.network.isGood { scenario.convergenceLimit = Promises.roaming }
        return scenario
    }

    // MARK: Machines

    /// Mostly few: what goes wrong among many mostly goes wrong among few.
    private mutating func drawCount() -> Int {
        switch below(100) {
        case 0..<60: 2 + below(5)
        case 60..<92: 7 + below(6)
        default: 13 + below(28)
        }
    }

    private mutating func specification(_ number: Int) -> MachineSpecification {
        var specification = MachineSpecification(name: NodeName(hostname: "host-\(number)"))
        specification.isEphemeral = kind == .churn && below(4) == 0 || kind != .calm && below(20) == 0
        specification.joinsByHost = below(4) == 0
        specification.clockOffsetMillis = kind == .clocks || kind == .mixed ? clockOffset() : Int64(below(2000)) - 1000
        return specification
    }

    private mutating func nameAlike(_ specifications: inout [MachineSpecification]) {
        for index in specifications.indices where below(2) == 0 { specifications[index].name = NodeName(hostname: "twin") }
    }

    /// An hour behind or ahead, sometimes 1970 or a year too late.
    private mutating func clockOffset() -> Int64 {
        switch below(10) {
        case 0: -Machine.epochMillis
        case 1: 365 * 86_400_000
        default: Int64(below(7_200_000)) - 3_600_000
        }
    }

    private mutating func overlay() -> OverlayRanges {
        switch (kind == .collisions, below(2) == 0) {
        case (true, true): MeshOverlay.tiny
        case (true, false): MeshOverlay.small
        case (false, true): MeshOverlay.ordinary
        case (false, false): MeshOverlay.single
        }
    }

    private mutating func network() -> NetworkProfile {
        var profile = NetworkProfile()
        switch below(4) {
        case 0: profile.latency = .microseconds(50) ... .microseconds(500)
        case 1: profile.latency = .milliseconds(5) ... .milliseconds(250)
        default: break
        }
        profile.jitter = [0.1, 0.5, 3][below(3)]
        profile.lossPerMille = [0, 0, 10, 100][below(4)]
        return profile
    }

    // MARK: Faults

    private mutating func startAll() {
        let spread = [0, 100, 5000, 60_000][below(4)]
        if kind == .clones { reserved.insert(count - 1) }
        plan.add(.start(0), at: .origin)
        for machine in 1..<count where !reserved.contains(machine) {
            plan.add(.start(machine), at: .origin + .milliseconds(below(spread + 1)))
        }
    }

    private mutating func addFaults(of kind: Scenario.Kind) {
        for _ in 0...below(3) {
            switch kind {
            case .calm, .mixed, .collisions: break
            case .partition: addCut(isOneWay: false)
            case .oneWay: addCut(isOneWay: true)
            case .crashes: addCrash()
            case .churn: addChurn()
            case .clocks: addClockJump()
            case .roaming: plan.add(.changeAddress(1 + below(count - 1)), at: moment())
            case .clones: addClone()
            }
        }
        if kind != .partition, below(4) == 0 { plan.add(.resetConnections(below(count)), at: moment()) }
    }

    private mutating func addCut(isOneWay: Bool) {
        var inside = (0..<count).map { _ in below(2) == 0 }
        if below(3) == 0 { inside = (0..<count).map { $0 == below(count) } }
        if !inside.contains(true) || !inside.contains(false) { inside = (0..<count).map { $0 == 0 } }
        let begin = moment()
        nextCut += 1
        plan.add(.beginCut(nextCut, Cut(isInside: inside, isOneWay: isOneWay)), at: begin)
        plan.add(.endCut(nextCut), at: begin + .seconds([5, 30, 120, 600, 1500][below(5)]) + .milliseconds(below(10_000)))
    }

    /// One machine, several, or all at once; some come back at once, some much later.
    private mutating func addCrash() {
        let time = moment()
        let share = [20, 50, 100][below(3)]
        let isSilent = below(2) == 0
        for machine in 0..<count where below(100) < share {
            let step: FaultStep = below(4) == 0 ? .stop(machine) : isSilent ? .powerOff(machine) : .kill(machine)
            plan.add(step, at: time)
            plan.add(.start(machine), at: time + .milliseconds([50, 2000, 60_000, 300_000][below(4)] + below(5000)))
        }
    }

    /// Never the first machine: somebody has to stay whom the others can find.
    private mutating func addChurn() {
        let machine = 1 + below(count - 1)
        let time = moment()
        switch below(4) {
        case 0:
            plan.add(.leave(machine), at: time)
            maybe(60) { $0.plan.add(.start(machine), at: time + .seconds(1 + $0.below(60))) }
        case 1:
            plan.add(.wipe(machine), at: time)
            plan.add(.start(machine), at: time + .milliseconds(below(20_000)))
        case 2:
            plan.add(.kill(machine), at: time)
            gone.insert(machine)
        default:
            plan.add(.kill(machine), at: time)
            plan.add(.start(machine), at: time + .milliseconds(below(20_000)))
        }
    }

    private mutating func addClockJump() {
        let machine = below(count)
        let time = moment()
        plan.add(.setClock(machine, offsetMillis: clockOffset()), at: time)
        maybe(50) {
            $0.plan.add(.kill(machine), at: time + .seconds($0.below(30)))
            $0.plan.add(.start(machine), at: time + .seconds(31 + $0.below(30)))
        }
    }

    /// The copy never outlives the faults, or the two would never rest.
    private mutating func addClone() {
        let machine = count - 1
        guard !gone.contains(machine) else { return }
        let time = moment()
        plan.add(.clone(0, onto: machine), at: time)
        plan.add(.wipe(machine), at: time + .seconds(10 + below(300)))
        gone.insert(machine)
    }

    private mutating func bringBack() {
        let end = plan.end + .milliseconds(1)
        for machine in 0..<count where !gone.contains(machine) && kind != .churn { plan.add(.start(machine), at: end) }
        if kind == .churn { plan.add(.start(0), at: end) }
    }

    private mutating func moment() -> Instant { .origin + .milliseconds(below([5000, 120_000, 600_000][below(3)])) }

    // MARK: Chance

    private mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int.random(in: 0..<bound, using: &generator) }

    private mutating func maybe(_ percent: Int, _ add: (inout ScenarioBuilder) -> Void) {
        if below(100) < percent { add(&self) }
    }
}
