#!/usr/bin/env python3
"""Makes Tests/Golden/chat_templates.json: what `transformers` makes of conversations and of parts of its template language.

    pip install transformers==4.57.6 jinja2 tokenizers
    python3 Tests/Golden/chat_template_golden.py [--seed 4]

Written are
  templates  SmolLM2-Instruct's and ten that were written for this: [name, source]
  cases      [template's index, messages, values, text, or null where the template refuses them]; values: what else
             `apply_chat_template` is given
  parts      [source, text]: expressions and statements, with the values in `names`
"""
import argparse
import json
import pathlib
import random

import offline  # noqa: F401
import jinja2
import transformers
from tokenizers import Tokenizer, models
from transformers.utils import chat_template_utils

SMOLLM = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

TURNS = """{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set system = '' %}
    {%- set turns = messages %}
{%- endif %}
{%- for message in turns %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Users and assistants must take turns, found ' ~ message['role'] ~ ' at ' ~ loop.index) }}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {{- '[ASK] ' }}{% if loop.last and system %}{{ system + '\\n\\n' }}{% endif %}{{ message['content'] | trim + ' [/ASK]' }}
    {%- else %}
        {{- ' ' + message['content'] | trim + eos_token }}
    {%- endif %}
{%- endfor %}
"""

DATED = """{{- bos_token -}}
{%- if not date is defined %}{% if strftime_now is defined %}{% set date = strftime_now("%d %b %Y") %}{% else %}{% set date = "1 Jan 2025" %}{% endif %}{% endif %}
{%- if tools is not none and tools | length > 0 %}{% set has_tools = true %}{% else %}{% set has_tools = false %}{% endif %}
<|head|>system<|/head|>

Today: {{ date }}
{% if has_tools %}
You may call these functions:
{% for tool in tools %}
{{ tool | tojson(indent=4) }}

{% endfor %}
{% endif %}
{%- for message in messages %}
    {%- if message.tool_calls is defined and message.tool_calls %}
        {%- if message.tool_calls | length != 1 %}
            {{- raise_exception("One call at a time!") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|head|>assistant<|/head|>\\n\\n' -}}
        {{- '{"name": "' + call.name + '", "parameters": ' }}{{ call.arguments | tojson }}{{ "}" -}}
        {{- "<|end|>" }}
    {%- elif message.role in ["tool", "function"] %}
        {{- "<|head|>result<|/head|>\\n\\n" }}
        {%- if message.content is mapping or (message.content is iterable and message.content is not string) %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|end|>" }}
    {%- else %}
        {{- '<|head|>' + message['role'] + '<|/head|>\\n\\n' + message['content'] | trim + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|head|>assistant<|/head|>\\n\\n' }}
{%- endif %}
"""

MACROS = """{%- macro type_of(schema, level=0) -%}
    {%- if schema.type == 'array' -%}
        {{ type_of(schema['items'], level + 1) }}[]
    {%- elif schema.type == 'object' -%}
        {
        {%- for name, inner in schema.properties.items() -%}
            {{ name }}{{ '' if name in schema.get('required', []) else '?' }}: {{ type_of(inner, level=level + 1) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
        }
    {%- elif schema.enum is defined -%}
        {{ schema.enum | map('tojson') | join(' | ') }}
    {%- else -%}
        {{ {'integer': 'number', 'number': 'number', 'string': 'string', 'boolean': 'boolean'}[schema.type] | default('any', true) }}
    {%- endif -%}
{%- endmacro -%}
{%- for tool in tools or [] %}
// {{ tool.function.description | default('no description') }}
function {{ tool.function.name }}({{ type_of(tool.function.parameters) }});
{% endfor %}
{%- for m in messages %}<{{ m.role | upper }}>{{ m.content }}</{{ m.role | upper }}>
{% endfor %}{% if add_generation_prompt %}<ASSISTANT>{% endif %}"""

PARTS = """{% set ns = namespace(images=0, text='') %}
{% for message in messages %}
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{% if message.content is string %}
{{ message.content | trim }}
{%- elif message.content is iterable %}
{% for part in message.content %}
{% if part.type == 'image' %}
{% set ns.images = ns.images + 1 %}
<image {{ ns.images }}>
{%- elif part.type == 'text' %}
{{ part.text | trim }}
{%- else %}
{{ raise_exception('Unknown part: ' + part.type) }}
{%- endif %}
{% endfor %}
{% endif %}
<end_of_turn>
{% endfor %}
{% if add_generation_prompt %}
<start_of_turn>model
{% endif %}
{{ ns.images }} image{{ 's' if ns.images != 1 }}"""

REASONING = """{%- set ns = namespace(last=-1) %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {%- if message.role == 'assistant' and '</think>' in content %}
        {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- if loop.index0 > ns.last %}
            {%- set content = '<think>\\n' + thought.strip() + '\\n</think>\\n\\n' + content %}
        {%- endif %}
    {%- endif %}
    {{- '<|' ~ message.role ~ '|>\\n' ~ content ~ '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n' }}
    {%- if thinks is defined and thinks is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}"""

GENERATION = """{# The words of the assistant are marked #}
{% for message in messages -%}
    {% if message['role'] == 'assistant' %}
    {%- generation -%}
    A: {{ message['content'] }}{{ eos_token }}
    {%- endgeneration -%}
    {% else %}
    Q: {{ message['content'] }}
    {% endif %}

{%- endfor %}"""

LOOPS = """{% for message in messages if message.role != 'system' %}
{% if message.content == 'skip' %}{% continue %}{% endif %}
{% if message.content == 'stop' %}{% break %}{% endif %}
{{ loop.index }}/{{ loop.length }} {{ loop.revindex }} {{ loop.first }} {{ loop.last }} {{ loop.cycle('a', 'b') }} {{ (loop.previtem | default({})).role | default('-') }} {{ (loop.nextitem or {}).role | default('-') }}: {{ message.content }}
{% else %}
nobody said anything
{% endfor %}
{% for i in range(3, 0, -1) %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}

{%- for a, b in [(1, 2), (3, 4)] %} {{ a + b }}{% for c in 'xy' %}{{ loop.index0 }}{{ c }}{{ loop.depth }}{% endfor %}{% endfor %}
"""

FILTERS = """{% set users = messages | selectattr('role', 'equalto', 'user') | list %}
{{ users | length }} of {{ messages | length }}: {{ users | map(attribute='content') | join(' / ') }}
{{ messages | rejectattr('role', 'in', ['user', 'assistant']) | map(attribute='role') | unique | sort | join(',') }}
{% for key, value in {'b': 2, 'A': 1, 'c': [1, 'x', none, true, 1.5]} | dictsort %}{{ key }}={{ value }};{% endfor %}

{{ messages | first | tojson }}
{{ (messages | last).content | replace('a', 'AA') | upper | indent(2, true) }}
{{ messages[-1]['content'][:5] ~ '|' ~ messages[0].content[::-1] }}
{% set block %}
kept {{ users[0].content if users else 'none' }}
{% endset %}
[{{ block | trim }}] {{ block | length }}
{% with n = messages | length, m = 2 %}{{ n * m + 1 }} {{ n / m }} {{ n // m }} {{ n % m }} {{ n ** m }}{% endwith %}
"""

RAW = """{%- raw -%}
  {{ not run }} {% if %}
{% endraw %}
   {#- a comment -#}
   x
{%+ if true %} plus {%+ endif %}
  {% if true +%}
 kept
  {% endif %}
\t {%- set x = {'a': {'b': [10, 20]}} -%}
{{ x.a.b.1 }} {{ x['a']['b'][-1] }} {{ "tab\\tquote\\"s" }} {{ 'caf\\u00e9 \\x41' }} {{ 'one' 'two' }}
{% for m in messages %}{{ m }}{% endfor %}
"""

PLAIN = """{% if not messages %}{{ raise_exception('No messages') }}{% endif %}{% if messages | selectattr('role', 'equalto', 'tool') | list | length > 0 %}{{ raise_exception('No tools here') }}{% endif %}{{ bos_token }}{% for m in messages %}{{ {'system': '', 'user': 'User: ', 'assistant': 'Bot: '}[m['role']] }}{{ m['content'].strip() }}{{ eos_token if m['role'] == 'assistant' }}{{ '\\n' }}{% endfor %}{{ 'Bot:' if add_generation_prompt }}"""

TEMPLATES = [("smollm2", SMOLLM), ("turns", TURNS), ("dated", DATED), ("macros", MACROS), ("parts", PARTS), ("reasoning", REASONING),
             ("generation", GENERATION), ("loops", LOOPS), ("filters", FILTERS), ("raw", RAW), ("plain", PLAIN)]

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather of a place — now", "parameters": {
        "type": "object", "properties": {"place": {"type": "string"}, "unit": {"type": "string", "enum": ["°C", "°F"]},
                                         "days": {"type": "array", "items": {"type": "integer"}}}, "required": ["place"]}}},
    {"type": "function", "function": {"name": "nothing", "parameters": {"type": "object", "properties": {}}}},
]
CONTENTS = ["Hi!", "  How are you?\n", "", "skip", "stop", "a b\na", "日本語 😀 'q' \"d\" \\ \t", "<think>\nwell\n</think>\n\nyes", "{{ x }}",
            "x</think>y</think>z", "<|im_end|>", "naïve 1 < 2 & 3", "\u2028line\u200b"]


def conversations(r):
    yield [{"role": "user", "content": "Hi!"}]
    yield [{"role": "system", "content": " Be kind. "}, {"role": "user", "content": "Hi!"}]
    yield [{"role": "user", "content": [{"type": "text", "text": " What is it? "}, {"type": "image"}, {"type": "image"}]}]
    yield [{"role": "user", "content": [{"type": "sound"}]}]
    call = {"function": {"name": "weather", "arguments": {"place": "Zürich", "days": [1, 2]}}}
    yield [{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": "", "tool_calls": [call]},
           {"role": "tool", "content": {"rain": True, "mm": 1.5, "none": None}}, {"role": "assistant", "content": "Yes."}]
    yield [{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": "", "tool_calls": [call, call]}]
    yield [{"role": "tool", "content": "x"}]
    for _ in range(8):
        turns = [{"role": "system", "content": r.choice(CONTENTS)}] if r.random() < 0.4 else []
        for i in range(r.randint(1, 5)):
            role = ["user", "assistant"][i % 2] if r.random() < 0.95 else r.choice(["user", "assistant", "other"])
            turns.append({"role": role, "content": r.choice(CONTENTS)})
        yield turns


NAMES = {"a": 3, "b": -2, "f": 2.5, "t": "Hello, World", "u": "ß ǆ ΑΣ é", "l": [3, 1, 2], "w": ["b", "A", "c", "a"], "e": [], "n": None,
         "d": {"x": 1, "items": 2, "y": {"z": [1, 2, 3]}}, "yes": True, "no": False, "s": "  pad\n", "p": [{"k": "v", "n": 2}, {"k": "w"}]}
PARTS_OF_LANGUAGE = r"""
a + b|a - b|a * b|a / b|a // b|a % b|a ** 3|b // a|b % a|f * 2|f // 2|f % 2|-a|+a|- f|2 ** -1|7 // -2|-7 // 2|-7 % 3|7.5 // -2|-7.5 % 2
a + f|1 / 2|10 / 5|1e3|1.0|100000000000000000000.0|1e16|123456789012345.6|0.0001|0.00001|1.5e-7|-0.0|3.14|1e15|12345678901234567.0
t + '!'|t ~ a ~ f ~ yes ~ n ~ nothing|t * 2|2 * 'ab'|'x' * 0|'x' * -1|l + [4]|l * 2|[1] + [2] == [1, 2]|(1, 2) + (3,)|(1,)|()|[]|{}|{'a': 1, 'b': [1, 2]}
[1, 'two', 3.0, none, true, [4], {'k': "it's"}, ('x',)]|['q"', "it's", "b\"o'th", "\n\t\\", "é日\u200b\x7f\u00a0"]
a == 3|a == 3.0|yes == 1|no == 0|'a' == "a"|l == [3, 1, 2]|(1,) == [1]|d == {'items': 2, 'x': 1, 'y': {'z': [1, 2, 3]}}|n == none|a != b|nothing == other|nothing == none
a < 5|a > 5 or b < 0|a >= 3 and b <= -2|1 < 2 < 3|1 < 3 < 2|'a' < 'b'|'B' < 'a'|'' < 'a'|[1, 2] < [1, 3]|(1,) < (1, 2)|a in l|9 in l|9 not in l|'World' in t|'' in t|'z' in t|'x' in d|1 in d
not a|not e|not n|not nothing|not ''|not 0.0|yes and 'last'|no and 'last'|e or 'other'|t or 'other'|'A' if yes else 'B'|'A' if no else 'B'|'A' if no|a if a > 5 else b if b > 0 else 'c'
t[0]|t[-1]|t[99]|t[1:4]|t[:-3]|t[::2]|t[::-1]|t[5:1:-1]|t[-100:100]|l[0]|l[-1]|l[9]|l[1:]|l[::-1]|l[:0]|l[2:0:-1]|(1, 2, 3)[1:]|d.x|d['x']|d['items']|d.y.z[1]|d.y.z.1|d['none']|d.none|t.nothing|l.nothing|n.x|d.get('x')|d.get('q')|d.get('q', 7)
d.keys()|d.values()|d.items()|d.y.items()|d.keys() | list|d.values() | list|d.items() | list
t.upper()|t.lower()|u.upper()|u.lower()|t.title()|'they\'re bill\'s'.title()|t.capitalize()|s.strip()|s.lstrip()|s.rstrip()|t.strip('Hd')|t.lstrip('Hel')|t.rstrip('dl')|t.split()|t.split(', ')|t.split('l')|t.split('l', 1)|t.rsplit('l', 1)|' a  b c '.split()|' a  b c '.split(none, 1)|' a  b c '.rsplit(none, 1)|'aaa'.rsplit('aa', 1)|'aaa'.split('aa')|''.split()|''.split(',')|'a,b,'.split(',')
t.replace('l', 'L')|t.replace('l', 'L', 1)|t.replace('x', 'y')|t.startswith('Hell')|t.startswith(('x', 'H'))|t.endswith('ld')|t.endswith('')|t.find('o')|t.rfind('o')|t.find('zz')|'ééaéa'.find('a')|'ééaéa'.rfind('éa')|'aaa'.rfind('aa')|t.count('l')|'aaaa'.count('aa')|'abc'.count('')|'a\nb\r\nc\n\nd'.splitlines()|'a'.join(['x', 'y'])|', '.join(w)|'12'.isdigit()|'1a'.isdigit()|'ab'.isalpha()|'a1'.isalnum()|' '.isspace()|'Ab'.islower()|'ab1'.islower()|'AB'.isupper()|'12'.isupper()|'prefix-x'.removeprefix('prefix-')|'x.txt'.removesuffix('.txt')|'x'.removesuffix('')
s | trim|'xxaxx' | trim('x')|t | upper|t | lower|'hello wORLD foo-bar (baz)' | title|'hELLO' | capitalize|'' | capitalize|t | length|l | length|d | length|nothing | length|'' | count|l | first|l | last|e | first|e | last|t | first|t | last|d | first
w | join|w | join('-')|l | join(', ')|p | join(',', attribute='k')|p | map(attribute='k') | list|p | map(attribute='n', default=0) | list|p | map(attribute='y') | list|w | map('upper') | list|w | map('replace', 'a', 'Z') | join|l | map('string') | join('+')|[[1, 2], [3]] | map('first') | list|[[1, 2], [3]] | map(attribute=0) | list
nothing | default('none given')|nothing | d|n | default('x')|n | default('x', true)|'' | default('x', boolean=true)|a | default(7)|l | list|t | list|d | list|(1, 2) | list|a | string|f | string|yes | string|'42' | int|'42.7' | int|'x' | int|'x' | int(7)|3.99 | int|-3.99 | int|yes | int|' 12 ' | int|'1e3' | int|'3.5' | float|'x' | float|a | float|'.5' | float|b | abs|-2.5 | abs|a | abs
t | replace('o', '0')|t | replace('l', 'L', 2)|l | reverse | list|t | reverse|l | sort|l | sort(reverse=true)|w | sort|w | sort(case_sensitive=true)|p | sort(attribute='k', reverse=true) | map(attribute='k') | join|d.y | dictsort|{'b': 1, 'a': 2} | dictsort|{'b': 1, 'a': 2} | dictsort(by='value')|{'b': 1, 'a': 2} | dictsort(reverse=true)|[1, 2, 1, 3, 2] | unique | list|['a', 'A', 'b'] | unique | list|l | sum|[0.5, 1] | sum|p | selectattr('n') | map(attribute='n') | sum|[[1], [2]] | sum(start=[])|l | min|l | max|w | min|e | max|d | items | list|nothing | items | list
l | select('odd') | list|l | reject('odd') | list|l | select('greaterthan', 1) | list|[0, 1, '', 'x', none] | select | list|[0, 1, '', 'x', none] | reject | list|p | selectattr('n', 'defined') | list | length|p | rejectattr('n', 'defined') | list | length|p | selectattr('k', 'in', ['v', 'q']) | list|p | selectattr('k', '==', 'w') | list
'a\nb\n\nc' | indent|'a\nb\n\nc' | indent(2)|'a\nb' | indent(2, true)|'a\n\nb' | indent(1, first=true, blank=true)|'a\n' | indent|'' | indent|'x\ny' | indent('> ')
d | tojson|l | tojson|t | tojson|n | tojson|yes | tojson|f | tojson|1.0 | tojson|d | tojson(indent=2)|[] | tojson(indent=2)|{} | tojson(indent=2)|[[], {}] | tojson(indent=1)|'é\u2028"\\\n\x01/<' | tojson|'é😀' | tojson(ensure_ascii=true)|d | tojson(sort_keys=true)|d | tojson(separators=(',', ':'))|d.y | tojson(indent=none)|(1, 2) | tojson|{1: 2, none: 3, true: 4} | tojson
a is defined|nothing is defined|nothing is undefined|n is none|a is none|n is not none|t is string|a is string|a is number|f is number|yes is number|a is integer|f is integer|yes is integer|f is float|yes is boolean|a is boolean|yes is true|no is false|1 is true|d is mapping|l is mapping|l is sequence|t is sequence|d is sequence|a is sequence|l is iterable|a is iterable|nothing is iterable|n is iterable|range is callable|t is callable|a is odd|a is even|a is divisibleby 3|a is divisibleby(2)|a is eq 3|a is equalto(4)|a is ne 3|a is gt 2|a is lt 2|a is ge 3|a is le 3|a is in l|a is not in l|a is in [1, 2]|'ab' is lower|'Ab' is lower|'AB' is upper|n is sameas none|yes is sameas true|a is sameas none|not a is odd|a is odd and b is even|a is odd == true
range(4) | list|range(2, 5) | list|range(5, 0, -2) | list|range(0) | list|dict(a=1, b='x')|namespace(a=1).a|t | length + 1|-a | abs|(a + b) | string|a + b | string | length|'%' ~ '%'|not yes == no|1 if yes else 2 + 3|[1, 2, 3][1:][0]|{'a': [1, {'b': 2}]}.a[1].b|(t).split(',')[1].strip()|"a" "b" 'c'|'\x41\u00e9\U0001F600\'\"\\\q'|[1,2,][0]|{'a':1,}.a|t[1:3] ~ l[0]|nothing ~ 'x'|[nothing]|nothing | list|nothing | join(',')|nothing | string|yes | abs|d.items()[0]|2.0 is even|f is odd|-0.0 is divisibleby 2
""".strip().replace("\n", "|")
STATEMENTS = [
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i %}{{ ns.x }} {% endfor %}{{ ns.x }}",
    "{% if a > 5 %}A{% elif a > 2 %}B{% elif a > 1 %}C{% else %}D{% endif %}",
    "{% for i in e %}x{% else %}empty{% endfor %}{% for i in nothing %}x{% else %}none{% endfor %}",
    "{% for k, v in d.y.items() %}{{ k }}:{{ v }}{% endfor %}{% for c in t[:3] %}{{ c }}.{% endfor %}{% for k in d %}{{ k }} {% endfor %}",
    "{% for (x, y) in [(1, 2), [3, 4]] %}{{ x }}-{{ y }} {% endfor %}{% set q, r = 7, 8 %}{{ q }}{{ r }}",
    "{% macro m(x, y='d', z=a) %}<{{ x }}{{ y }}{{ z }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(y=1, x=2) }}{{ m() }}",
    "{% macro fact(n) %}{{ n if n < 2 else n ~ '*' ~ fact(n - 1) }}{% endmacro %}{{ fact(5) }}{{ fact(3) | length }}",
    "{% macro late() %}{{ v }}{% endmacro %}{% set v = 'set later' %}{{ late() }}",
    "{% macro in_loop() %}{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}{% endmacro %}{{ in_loop() }}{{ in_loop() | upper }}",
    "{% for i in range(6) %}{% if i is odd %}{% continue %}{% endif %}{{ i }}{% if i == 4 %}{% break %}{% endif %}{% endfor %}",
    "{% set x %}a{{ 1 }}{% endset %}[{{ x }}]{% set y %}{% if no %}n{% endif %}{% endset %}[{{ y }}]",
    "{% with %}{% set x = 5 %}{{ x }}{% endwith %}{{ x is defined }}{% with x = 1, y = 2 %}{{ x + y }}{% endwith %}",
    "{% for i in l %}{% for j in l if j != i %}{{ loop.index }}{{ loop.length }}{{ i }}{{ j }} {% endfor %}{% endfor %}",
    "{% for i in l %}{{ loop.depth0 }}{{ loop.revindex0 }}{% endfor %}",
    "  {% if yes %}\n  x\n  {% endif %}\ny", "a {%- if yes -%} b {%- endif -%} c", "a {{- ' b ' -}} c", "{# c #}\nx{#- c -#} y", "x\n\n{% if yes %}\n\ny{% endif %}\n\n",
    "x {# a {{ b }} #} y", "{{ '{{' }}{{ '%}' }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{% raw %}{{ a }}{% endraw %}{%- raw %} b {%- endraw %}", "a\r\nb\rc\n",
    "{% if yes %}\r\nx\r\n{% endif %}\r\n", "\t{%+ if yes %}x{% endif %}", "{% if yes +%}\nx{% endif %}", "{{ a }}\n{{ a }}\n\n", "{{ a }} {% if yes %}z{% endif %}\n w",
    "{% generation %}{{ a }}{% endgeneration %}", "{{ [1, 2] }}\n  {%- for i in [1] %}  {{ i }}\n  {% endfor %}", "",
    "{{ a\n+\nb }}", "{% set l = l + [9] %}{{ l }}", "{% if a %}{% set fresh = 1 %}{% endif %}{{ fresh }}{% if no %}{% set stale = 1 %}{% endif %}[{{ stale }}]",
    "{% set a = 10 %}{% macro g() %}{{ a }}{% set a = 11 %}{{ a }}{% endmacro %}{{ g() }}{{ a }}",
    "{% for x in [1, 2] %}{% set y %}{{ x }}{% endset %}{{ y }}{% endfor %}{{ y is defined }}",
    "{% filter upper | replace('A', 'b') %}a{{ t }}{% set q = 1 %}{% endfilter %}{{ q is defined }}{% set x | trim | indent(2) %}\n a\nb {% set z = 1 %}{% endset %}[{{ x }}]{{ z is defined }}",
    "{{ n | selectattr('a') | list }}{{ n | map('upper') | list }}{{ 0 | reject('odd') | list }}{{ false | map(attribute='x') | list }}",
]


def rendered(source, messages, values):
    names = dict(values)
    return chat_template_utils.render_jinja_template(
        conversations=[messages], tools=names.pop("tools", None), chat_template=source,
        add_generation_prompt=names.pop("add_generation_prompt", False), **names)[0][0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    r = random.Random(options.seed)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), bos_token="<s>", eos_token="</s>")
    cases, refused = [], 0
    for index, (name, source) in enumerate(TEMPLATES):
        for messages in conversations(r):
            values = {"add_generation_prompt": r.random() < 0.5}
            if r.random() < 0.4:
                values["tools"] = TOOLS
            if name == "reasoning" and r.random() < 0.5:
                values["thinks"] = r.random() < 0.5
            if name == "dated":
                values["date"] = "26 Jul 2024"
            try:
                text = tokenizer.apply_chat_template(messages, chat_template=source, tokenize=False, **values)
            except (jinja2.TemplateError, TypeError) as error:
                text, refused = None, refused + 1
            cases.append([index, messages, values, text])
    parts = []
    for source in ["{{ %s }}" % part.strip() for part in split_parts(PARTS_OF_LANGUAGE)] + STATEMENTS:
        parts.append([source, rendered(source, [], NAMES)])
    out = pathlib.Path(__file__).parent / "chat_templates.json"
    out.write_text(json.dumps({
        "jinja2": jinja2.__version__, "transformers": transformers.__version__, "seed": options.seed, "templates": TEMPLATES,
        "cases": cases, "names": NAMES, "parts": parts}, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(len(cases), "cases,", refused, "refused,", len(parts), "parts,", out.stat().st_size, "bytes")


def split_parts(text):
    """Cuts at '|' between expressions, which filters have with spaces around."""
    import re
    return re.split(r"(?<! )\|(?! )", text)


if __name__ == "__main__":
    main()
