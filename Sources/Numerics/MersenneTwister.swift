/// MT19937 (Matsumoto & Nishimura 1998), from which PyTorch draws its random numbers on a CPU.
///
/// Only for frozen tensors that another library draws from a seed, so that they need not be stored. All other random numbers
/// come from `Randomness`, which has no state.
package struct MersenneTwister {
    private static let (size, middle) = (624, 397)
    private var state: [UInt32]
    private var index = size

    package init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.size)
        for i in 1..<Self.size {
            let last = state[i - 1]
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
        }
    }

    /// The next 32 bits.
    package mutating func next() -> UInt32 {
        if index == Self.size { twist() }
        var y = state[index]
        index += 1
        y ^= y >> 11
        y ^= y << 7 & 0x9d2c_5680
        y ^= y << 15 & 0xefc6_0000
        return y ^ y >> 18
    }

    private mutating func twist() {
        for i in 0..<Self.size {
            let y = state[i] & 0x8000_0000 | state[(i + 1) % Self.size] & 0x7fff_ffff
            state[i] = state[(i + Self.middle) % Self.size] ^ y >> 1 ^ (y & 1) &* 0x9908_b0df
        }
        index = 0
    }

    /// U(−bound, bound), bit by bit what `torch.Tensor.uniform_(-bound, bound)` gives for float32: 24 bits a number, then one
    /// fused multiplication and addition.
    package mutating func uniform(_ count: Int, bound: Double) -> [Float] {
        let (low, high) = (Float(-bound), Float(bound))
        return (0..<count).map { _ in low.addingProduct(Float(next() & 0xff_ffff) * 0x1p-24, high - low) }
    }
}
