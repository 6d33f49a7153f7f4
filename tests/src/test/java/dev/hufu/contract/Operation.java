package dev.hufu.contract;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * One operation of the document.
 *
 * @param method in upper case
 * @param at where it lies in the document
 */
record Operation(Document document, String method, String path, String at) {
    /**
     * @param in {@code path}, {@code query} or {@code header}
     * @param schemaAt where its schema lies in the document
     */
    record Parameter(String name, String in, boolean required, String schemaAt) {}

    String id() {
        return node().path("operationId").asString();
    }

    JsonNode node() {
        return document.root().at(at);
    }

    boolean isPublic() {
        return node().has("security") && node().get("security").isEmpty();
    }

    List<Parameter> parameters(String in) {
        return document.parameters(at).stream()
                .filter(each -> each.in().equals(in))
                .toList();
    }

    boolean hasQuery(String name) {
        return parameters("query").stream().anyMatch(each -> each.name().equals(name));
    }

    /** Where the schema of its JSON body lies; empty where it takes none. */
    Optional<String> bodySchema() {
        return node().has("requestBody")
                ? Optional.of(at + "/requestBody/content/application~1json/schema")
                : Optional.empty();
    }

    boolean bodyRequired() {
        return node().at("/requestBody/required").asBoolean(false);
    }

    Set<String> statuses() {
        return new TreeSet<>(node().get("responses").propertyNames());
    }

    boolean documents(int status) {
        return statuses().contains(Integer.toString(status));
    }

    /** Where the response for this status lies, which may be the default one. */
    String response(int status) {
        return document.resolved(at + "/responses/" + (documents(status) ? Integer.toString(status) : "default"));
    }

    Set<String> mediaTypes(int status) {
        return new TreeSet<>(
                document.root().at(response(status)).path("content").propertyNames());
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
