/// The keys and values that one sequence's tokens have had in each layer's attention, so that the tokens after them need
/// only their own.
///
/// A batch names one for each of its sequences (`PackedBatch.past`). A run writes the keys and values of the batch's
/// tokens behind those that are there; `append` then makes them count. All memory is reserved at once, and the system
/// gives it when it is first written: no step allocates.
package final class KeyValues: @unchecked Sendable {  // a run writes only behind `count`, each head its own columns
    package let layers: Int
    /// Columns of a row of keys: of all key heads.
    package let width: Int
    /// Tokens that have room.
    package let capacity: Int
    /// Tokens that are there.
    package private(set) var count = 0
    private let storage: AlignedBuffer

    package init(layers: Int, width: Int, capacity: Int) {
        precondition(layers > 0 && width > 0 && capacity > 0, "keys of \(layers) layers for \(capacity) tokens")
        self.layers = layers
        self.width = width
        self.capacity = capacity
        storage = AlignedBuffer(count: 2 * layers * capacity * width)
    }

    /// The same tokens with room of its own: a text that several sequences begin with is computed once.
    package convenience init(copying other: KeyValues, capacity: Int) {
        precondition(capacity >= other.count, "room for \(capacity) of \(other.count) tokens")
        self.init(layers: other.layers, width: other.width, capacity: capacity)
        for layer in 0..<layers {
            keys(layer).update(from: other.keys(layer), count: other.count * width)
            values(layer).update(from: other.values(layer), count: other.count * width)
        }
        count = other.count
    }

    /// [capacity, width]
    func keys(_ layer: Int) -> UnsafeMutablePointer<Float> { storage.floats + 2 * layer * capacity * width }
    func values(_ layer: Int) -> UnsafeMutablePointer<Float> { storage.floats + (2 * layer + 1) * capacity * width }

    /// Counts what a run has written.
    package func append(_ tokens: Int) {
        precondition(tokens >= 0 && count + tokens <= capacity, "\(count) + \(tokens) tokens in room for \(capacity)")
        count += tokens
    }

    /// Forgets all tokens but the first ones.
    package func keep(_ tokens: Int) {
        precondition((0...count).contains(tokens), "\(tokens) of \(count) tokens")
        count = tokens
    }

    /// Bytes that are in use at most.
    package var bytes: Int { 2 * layers * capacity * width * MemoryLayout<Float>.size }
}
