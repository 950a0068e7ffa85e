import CKernels

/// A fixed set of threads that share out numbered tasks. Which thread runs a task is left to chance, so a task may only
/// write what it owns; then results do not depend on the number of threads.
package final class ThreadPool {
    package let threads: Int
    private let handle: OpaquePointer?

    /// - Parameter threads: at least 1, the caller among them.
    package init(threads: Int) {
        self.threads = max(1, threads)
        handle = amalgam_pool_create(Int32(self.threads))
    }

    deinit { amalgam_pool_destroy(handle) }

    /// Runs `body(task, thread)` for each task in 0..<tasks and returns when all are done.
    package func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        guard let handle, threads > 1, tasks > 1 else {
            for task in 0..<max(tasks, 0) { body(task, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var box = body
            withUnsafeMutablePointer(to: &box) { pointer in
                amalgam_pool_run(
                    handle, Int32(tasks),
                    { context, task, thread in
                        context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(Int(task), Int(thread))
                    }, pointer)
            }
        }
    }
}
