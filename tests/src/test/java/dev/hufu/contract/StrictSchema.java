package dev.hufu.contract;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * JSON Schema 2020-12 as far as the document uses it, and not further: a keyword that is not known here is an error. Answers
 * are read more strictly than the document says: what it does not describe is an error too. Thread-safe.
 */
final class StrictSchema {
    private static final Set<String> SAYING_NOTHING =
            Set.of("description", "title", "default", "examples", "required", "propertyNames", "deprecated");
    private static final Map<String, Pattern> FORMATS = Map.of(
            "date-time", Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"),
            "json-pointer", Pattern.compile("(/([^/~]|~[01])*)*", Pattern.DOTALL),
            "uri-reference", Pattern.compile("[!-~]+"));
    private static final BigInteger INT64 = BigInteger.ONE.shiftLeft(63);
    private static final BigInteger INT32 = BigInteger.ONE.shiftLeft(31);

    private final JsonNode document;
    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    StrictSchema(JsonNode document) {
        this.document = document;
    }

    /** What was found of one value: by places in the value, so that schemas that are combined add up. */
    private static final class Findings {
        final List<String> problems = new ArrayList<>();
        final Set<String> described = new HashSet<>();
        final Set<String> closing = new HashSet<>();
        final Set<String> seen = new HashSet<>();

        void add(Findings other) {
            problems.addAll(other.problems);
            described.addAll(other.described);
            closing.addAll(other.closing);
            seen.addAll(other.seen);
        }
    }

    /** Where the properties lie that any answer had with a value, as pointers into the document. */
    Set<String> seen() {
        return seen;
    }

    /** What is wrong with a part of an answer. */
    List<String> problemsOfAnswer(String schema, JsonNode value) {
        Findings findings = new Findings();
        apply(schema, value, "", findings);
        refuseUndescribed(value, "", findings);
        if (findings.problems.isEmpty()) {
            seen.addAll(findings.seen);
        }
        return findings.problems;
    }

    /** What is wrong with a part of a request, where the document is as closed as it says. */
    List<String> problemsOfRequest(String schema, JsonNode value) {
        Findings findings = new Findings();
        apply(schema, value, "", findings);
        return findings.problems;
    }

    /** Every property below this schema, as pointers into the document. */
    Set<String> properties(String schema) {
        Set<String> found = new HashSet<>();
        collect(schema, found, new HashSet<>());
        return found;
    }

    private void collect(String at, Set<String> found, Set<String> visited) {
        if (!visited.add(at)) {
            return;
        }
        JsonNode schema = document.at(at);
        if (schema.has("$ref")) {
            collect(target(schema), found, visited);
        }
        schema.path("properties").propertyNames().forEach(name -> {
            String property = at + "/properties/" + segment(name);
            found.add(property);
            collect(property, found, visited);
        });
        for (String keyword : List.of("allOf", "anyOf", "oneOf")) {
            for (int i = 0; i < schema.path(keyword).size(); i++) {
                collect(at + "/" + keyword + "/" + i, found, visited);
            }
        }
        for (String keyword : List.of("items", "additionalProperties")) {
            if (schema.path(keyword).isObject()) {
                collect(at + "/" + keyword, found, visited);
            }
        }
    }

    private static String target(JsonNode schema) {
        String reference = schema.get("$ref").asString();
        if (!reference.startsWith("#/")) {
            throw new AssertionError("a reference that leads outside: " + reference);
        }
        return reference.substring(1);
    }

    static String segment(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    private static void refuseUndescribed(JsonNode value, String at, Findings findings) {
        value.properties().forEach(property -> {
            String below = at + "/" + segment(property.getKey());
            if (findings.closing.contains(at) && !findings.described.contains(below)) {
                findings.problems.add(below + " is not in the document");
            }
            refuseUndescribed(property.getValue(), below, findings);
        });
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                refuseUndescribed(value.get(i), at + "/" + i, findings);
            }
        }
    }

    private void apply(String schemaAt, JsonNode value, String at, Findings findings) {
        JsonNode schema = document.at(schemaAt);
        if (schema.isBoolean() && schema.asBoolean()) {
            return;
        }
        if (!schema.isObject()) {
            throw new AssertionError("no schema at " + schemaAt);
        }
        schema.properties().forEach(keyword -> {
            String below = schemaAt + "/" + segment(keyword.getKey());
            keyword(keyword.getKey(), keyword.getValue(), below, value, at, findings);
        });
        if (value.isObject()) {
            members(schema, schemaAt, value, at, findings);
        }
    }

    private void keyword(
            String name, JsonNode argument, String argumentAt, JsonNode value, String at, Findings findings) {
        boolean holds = switch (name) {
            case "$ref" -> {
                apply(argument.asString().substring(1), value, at, findings);
                yield true;
            }
            case "allOf" -> {
                for (int i = 0; i < argument.size(); i++) {
                    apply(argumentAt + "/" + i, value, at, findings);
                }
                yield true;
            }
            case "anyOf" -> branches(argument, argumentAt, value, at, findings) >= 1;
            case "oneOf" -> branches(argument, argumentAt, value, at, findings) == 1;
            case "type" -> isOfType(argument, value);
            case "enum" -> contains(argument, value);
            case "const" -> argument.equals(value);
            case "pattern" -> !value.isString() || matches(argument.asString(), value.asString());
            case "format" -> isOfFormat(argument.asString(), value);
            case "contentEncoding" -> !value.isString() || isBase64(value.asString());
            case "minLength" -> !value.isString() || length(value) >= argument.asInt();
            case "maxLength" -> !value.isString() || length(value) <= argument.asInt();
            case "minimum" -> !value.isNumber() || compare(value, argument) >= 0;
            case "maximum" -> !value.isNumber() || compare(value, argument) <= 0;
            case "minItems" -> !value.isArray() || value.size() >= argument.asInt();
            case "uniqueItems" -> !value.isArray() || new HashSet<>(value.values()).size() == value.size();
            case "maxItems" -> !value.isArray() || value.size() <= argument.asInt();
            case "maxProperties" -> !value.isObject() || value.size() <= argument.asInt();
            case "items" -> {
                for (int i = 0; value.isArray() && i < value.size(); i++) {
                    apply(argumentAt, value.get(i), at + "/" + i, findings);
                }
                yield true;
            }
            case "properties", "additionalProperties" -> true;
            default -> {
                if (!SAYING_NOTHING.contains(name)) {
                    throw new AssertionError("a keyword that is not checked: " + argumentAt);
                }
                yield true;
            }
        };
        if (!holds) {
            findings.problems.add("\"" + at + "\" is " + brief(value) + ", against " + argumentAt);
        }
    }

    private void members(JsonNode schema, String schemaAt, JsonNode value, String at, Findings findings) {
        for (JsonNode name : schema.path("required")) {
            if (!value.has(name.asString())) {
                findings.problems.add(at + "/" + name.asString() + " is missing");
            }
        }
        JsonNode described = schema.path("properties");
        JsonNode others = schema.path("additionalProperties");
        if (described.isObject() || others.isBoolean()) {
            findings.closing.add(at);
        }
        value.properties().forEach(property -> {
            String name = property.getKey();
            String below = at + "/" + segment(name);
            if (schema.has("propertyNames")) {
                apply(schemaAt + "/propertyNames", JsonNodeFactory.instance.stringNode(name), below, findings);
            }
            if (described.has(name)) {
                String member = schemaAt + "/properties/" + segment(name);
                findings.described.add(below);
                if (!property.getValue().isNull()) {
                    findings.seen.add(member);
                }
                apply(member, property.getValue(), below, findings);
            } else if (others.isObject()) {
                findings.described.add(below);
                apply(schemaAt + "/additionalProperties", property.getValue(), below, findings);
            } else if (others.isBoolean()) {
                findings.described.add(below);
                if (!others.asBoolean()) {
                    findings.problems.add(below + " is not in the document");
                }
            }
        });
    }

    private int branches(JsonNode branches, String branchesAt, JsonNode value, String at, Findings findings) {
        int fitting = 0;
        for (int i = 0; i < branches.size(); i++) {
            Findings branch = new Findings();
            apply(branchesAt + "/" + i, value, at, branch);
            if (branch.problems.isEmpty()) {
                fitting++;
                findings.add(branch);
            }
        }
        return fitting;
    }

    private static boolean isOfType(JsonNode types, JsonNode value) {
        if (types.isArray()) {
            for (JsonNode type : types) {
                if (isOfType(type, value)) {
                    return true;
                }
            }
            return false;
        }
        return switch (types.asString()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> throw new AssertionError("no type: " + types);
        };
    }

    /** In the document's dialect {@code $} is the end and nothing else; in Java it may stand before a line feed. */
    static boolean matches(String pattern, String text) {
        String java = pattern.endsWith("$") ? pattern.substring(0, pattern.length() - 1) + "\\z" : pattern;
        return Pattern.compile(java).matcher(text).find();
    }

    private static boolean contains(JsonNode values, JsonNode value) {
        for (JsonNode each : values) {
            if (each.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfFormat(String format, JsonNode value) {
        if (value.isNull()) {
            return true;
        }
        return switch (format) {
            case "int64" -> !value.isIntegralNumber() || fits(value.bigIntegerValue(), INT64);
            case "int32" -> !value.isIntegralNumber() || fits(value.bigIntegerValue(), INT32);
            default -> {
                Pattern pattern = FORMATS.get(format);
                if (pattern == null) {
                    throw new AssertionError("a format that is not checked: " + format);
                }
                yield !value.isString() || pattern.matcher(value.asString()).matches();
            }
        };
    }

    private static boolean fits(BigInteger value, BigInteger bound) {
        return value.compareTo(bound) < 0 && value.compareTo(bound.negate()) >= 0;
    }

    private static boolean isBase64(String text) {
        try {
            Base64.getDecoder().decode(text);
            return true;
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static int length(JsonNode text) {
        return text.asString().codePointCount(0, text.asString().length());
    }

    private static int compare(JsonNode value, JsonNode bound) {
        if (value.isFloatingPointNumber() && Double.isInfinite(value.doubleValue())) {
            return value.doubleValue() > 0 ? 1 : -1;
        }
        BigDecimal number = value.decimalValue();
        return number.compareTo(bound.decimalValue());
    }

    private static String brief(JsonNode value) {
        String text = value.toString();
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }
}
