import Testing
import WeftTestKit

@testable import Yamux

@Suite struct QueueTests {
    @Test func sendQueueMovesWhatWasAppended() {
        var generator = SeededGenerator(seed: testSeed("yamux send queue"))
        var (queue, appended, moved) = (SendQueue(), [UInt8](), [UInt8]())
        for _ in 0..<2_000 {
            let bytes = generator.bytes(Int.random(in: 0...(Bool.random(using: &generator) ? 9 : 3_000), using: &generator))
            queue.append(bytes)
            appended += bytes
            queue.move(Int.random(in: 0...1_600, using: &generator), to: &moved)
            #expect(queue.count == appended.count - moved.count)
        }
        queue.move(.max, to: &moved)
        #expect(moved == appended && queue.isEmpty)
    }
}
