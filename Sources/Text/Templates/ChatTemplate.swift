import Files

/// A model's chat template: how it wants a conversation written as one text.
///
/// Templates are written in Jinja. The part of it that they use runs here, with the results of `transformers`'
/// `apply_chat_template`; everything else is refused by name. Templates come with models, so what one may take is limited.
package struct ChatTemplate: Sendable {
    /// What a template gets beside the messages.
    package struct Values: Sendable {
        /// Whether the beginning of the assistant's answer is put at the end.
        package var asksForAnswer = false
        /// The texts of the tokens that a text begins and ends with; nil: the template does not find them.
        package var first: String?
        package var last: String?
        /// JSON schemas of functions that the model may call; nil: none.
        package var tools: [JSONValue]?
        /// Other values by name, before the usual ones.
        package var others: [(key: String, value: JSONValue)] = []
        /// What day it is for a template that asks; nil: it cannot ask, and most then have a fixed day.
        package var date: TemplateDate?

        package init() {}
    }

    private let source: String
    private let limits: TemplateLimits

    /// - Throws: `TemplateError` for what is not Jinja, or a part of it that is left out here
    package init(_ source: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) {
        self.source = source
        self.limits = limits
        _ = try TemplateParser.parse(source, limits)
    }

    /// The text of a conversation.
    /// - Parameter messages: objects, as a rule with `role` and `content`
    /// - Throws: `TemplateError` for a conversation that the template refuses or cannot handle, or one that takes too much
    package func render(_ messages: [JSONValue], _ values: Values = Values()) throws(TemplateError)
        -> String
    {
        let statements = try TemplateParser.parse(source, limits)
        var names: [String: TemplateValue] = [
            "messages": TemplateValue(.array(messages)),
            "add_generation_prompt": .bool(values.asksForAnswer),
            "tools": values.tools.map { TemplateValue(.array($0)) } ?? .none, "documents": .none,
        ]
        if let first = values.first { names["bos_token"] = .text(first) }
        if let last = values.last { names["eos_token"] = .text(last) }
        for (key, value) in values.others { names[key] = TemplateValue(value) }
        return try TemplateInterpreter(limits, date: values.date).run(statements, names)
    }
}
