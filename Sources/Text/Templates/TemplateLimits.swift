/// What the rendering of a template may take: templates come with models, from anywhere.
package struct TemplateLimits: Sendable {
    /// Operations, and a part of one for each byte or element that is copied.
    package var steps = 4_000_000
    /// Bytes of the result, and of each text on the way to it.
    package var bytes = 16 << 20
    /// How deep statements, expressions, calls and values may lie within each other.
    package var depth = 256
    /// Bytes of the template.
    package var source = 1 << 20

    package init() {}
}
