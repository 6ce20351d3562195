import CChildProcess
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The thread that owns a userspace device: it starts the child, watches it, talks to it and reaps it, so that none of it
/// ever blocks an event loop. It is one thread from start to end because the kernel ties a child's parent-death signal to
/// the thread that started it. It sleeps in `poll` until there is a job or the child says something or ends.
final class DeviceThread: Sendable {
    typealias Job = @Sendable (inout DeviceWorker) -> Void

    private struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// Never more than the calls that are under way at once; callers are our own code.
    private let queue = Mutex(Queue())
    private let wakeDescriptor: Int32

    /// `nil` if the system has no thread or descriptors left.
    init?(_ worker: DeviceWorker) {
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard weft_pipe(&reading, &writing) == 0 else { return nil }
        wakeDescriptor = writing
        let wakes = reading
        guard startDetachedThread({ [self] in run(worker, wakes) }) else {
            Glibc.close(reading)
            Glibc.close(writing)
            return nil
        }
    }

    /// Puts a job into the queue; false after `close`, and then the job never runs.
    func post(_ job: @escaping Job) -> Bool {
        enqueue(job, closing: false)
    }

    /// Ends the child if there still is one, after the jobs that are queued already, and then the thread. Once is enough.
    func close(_ last: @escaping Job) -> Bool {
        enqueue(last, closing: true)
    }

    private func enqueue(_ job: @escaping Job, closing: Bool) -> Bool {
        queue.withLock { queue in
            guard !queue.isClosed else { return false }
            queue.jobs.append(job)
            queue.isClosed = closing
            // Inside the lock: the thread closes the descriptor only after it has seen `isClosed` under it.
            // One byte for each time that the queue stops being empty, so the pipe never fills.
            if queue.jobs.count == 1 {
                var byte: UInt8 = 0
                _ = write(wakeDescriptor, &byte, 1)
            }
            return true
        }
    }

    private func run(_ first: DeviceWorker, _ wakes: Int32) {
        var worker = first
        var isClosed = false
        while !isClosed {
            _ = waitForInput([wakes] + worker.watchedDescriptors, timeout: nil)
            worker.watchChild()
            var bytes = [UInt8](repeating: 0, count: 64)
            while read(wakes, &bytes, bytes.count) > 0 {}
            let queued = queue.withLock { queue in
                defer { queue.jobs = [] }
                return queue
            }
            for job in queued.jobs { job(&worker) }
            isClosed = queued.isClosed
        }
        Glibc.close(wakes)
        Glibc.close(wakeDescriptor)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

private func startDetachedThread(_ run: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let body = Unmanaged.passRetained(ThreadBody(run))
    var thread = pthread_t()
    let error = pthread_create(
        &thread, &attributes,
        { context in
            guard let context else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, body.toOpaque())
    if error != 0 { body.release() }
    return error == 0
}
