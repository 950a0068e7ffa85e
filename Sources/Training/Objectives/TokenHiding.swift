import Numerics

/// Hides tokens of a text so that they can be predicted (Devlin et al. 2019, section 3.1): 15 of 100 are targets; of these 80 in
/// 100 become the mask, 10 another token, 10 stay.
struct TokenHiding: Sendable {
    private static let share: Float = 0.15
    private static let hidden: Float = 0.8
    private static let replaced: Float = 0.1

    /// The mask's id.
    let mask: Int32
    /// Whether a text has at least one target.
    var always = false
    /// How many tokens replacements are drawn from, and which.
    let replacements: (count: Int, token: @Sendable (Int) -> Int32)

    /// - Parameters:
    ///   - ids: of a text; hidden ones change.
    ///   - isTarget: whether the token at a place may be a target.
    ///   - key: what all random choices follow from.
    /// - Returns: the places of the targets, ascending, with the tokens that stood there.
    func hide(
        _ ids: inout [Int32], key: UInt64, isTarget: (Int) -> Bool
    ) -> [(place: Int, token: Int32)] {
        let eligible = ids.indices.filter(isTarget)
        func draw(_ place: Int) -> Float { Randomness.uniform(key, 3 * place) }
        var chosen = eligible.filter { draw($0) < Self.share }
        if chosen.isEmpty, always { chosen = [eligible.min { draw($0) < draw($1) }].compactMap { $0 } }
        return chosen.map { place in
            let token = ids[place]
            let lot = Randomness.uniform(key, 3 * place + 1)
            if lot < Self.hidden {
                ids[place] = mask
            } else if lot < Self.hidden + Self.replaced {
                ids[place] = replacements.token(Randomness.integer(key, 3 * place + 2, below: replacements.count))
            }
            return (place, token)
        }
    }
}
