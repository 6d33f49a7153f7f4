package dev.hufu.server.http;

import dev.hufu.server.auth.Permission;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** {@code /openapi.json}: the contract, turned into JSON when it is first asked for. Thread-safe. */
final class DocumentRoutes {
    private static final String RESOURCE = "/openapi.yaml";

    private volatile byte @Nullable [] document;

    List<Route> routes() {
        return List.of(new Route("GET", "/openapi.json", Permission.READ, this::show));
    }

    private void show(Exchange exchange) throws IOException {
        exchange.noQuery();
        exchange.json(200, document());
    }

    private byte[] document() throws IOException {
        byte[] known = document;
        if (known != null) {
            return known;
        }
        try (InputStream yaml = DocumentRoutes.class.getResourceAsStream(RESOURCE)) {
            if (yaml == null) {
                throw new IOException(RESOURCE + " is missing from this build");
            }
            JsonNode tree = new YAMLMapper().readTree(yaml);
            byte[] json = JsonMapper.shared().writeValueAsBytes(tree);
            document = json;
            return json;
        }
    }
}
