package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Task;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code -o json} prints: the server's own words, also those that this program does not know. */
final class JsonPage {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonPage() {}

    /** A run with all its {@code tasks}. */
    static String run(HufuClient client, RunId id) throws InterruptedException {
        JsonNode run = MAPPER.readTree(client.get("/runs/" + id));
        ArrayNode tasks = MAPPER.createArrayNode();
        for (Task task : client.tasks(id)) {
            tasks.add(MAPPER.readTree(client.get("/tasks/" + task.id())));
        }
        if (run instanceof ObjectNode object) {
            object.set("tasks", tasks);
        }
        return text(run);
    }

    static String task(HufuClient client, TaskId id) throws InterruptedException {
        return text(MAPPER.readTree(client.get("/tasks/" + id)));
    }

    static String text(JsonNode node) {
        return SafeText.ofJson(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    }
}
