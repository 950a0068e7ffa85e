import Foundation

// The standard 'withUnsafeBytes' forgets which errors its closure throws; these keep it.

extension Data {
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBytes { attempt(body, $0) }.get()
    }
}

extension Array where Element: BitwiseCopyable {
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBytes { attempt(body, $0) }.get()
    }
}

private func attempt<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value, _ bytes: UnsafeRawBufferPointer
) -> Result<Value, Failure> {
    do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
}
