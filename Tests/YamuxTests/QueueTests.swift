import Testing
import WeftTestKit

@testable import Yamux

@Suite struct QueueTests {
    @Test func fifoKeepsOrderThroughCompaction() {
        var generator = SeededGenerator(seed: testSeed("yamux fifo"))
        var (queue, model) = (FIFO<Int>(), [Int]())
        for number in 0..<5_000 {
            if Int.random(in: 0..<100, using: &generator) < 52 {
                queue.append(number)
                model.append(number)
            } else {
                let taken = queue.popFirst()
                #expect(taken == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(queue.isEmpty == model.isEmpty && queue.first == model.first)
        }
        queue.removeAll { $0 % 2 == 0 }
        model.removeAll { $0 % 2 == 0 }
        while let taken = queue.popFirst() { #expect(taken == model.removeFirst()) }
        #expect(model.isEmpty)
    }

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
