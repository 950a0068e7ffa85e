/// What the methods cost and scored. `Examples/methods/run` writes this file and Examples/methods/table.json, its source.
enum MethodTable {
    static let json = #"""
        {
          "methods": {}
        }
        """#
}
