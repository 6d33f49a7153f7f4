package dev.hufu.cli.page;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Task;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code -o json} prints: the server's own words, also those that this program does not know. */
public final class JsonPage {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonPage() {}

    /** A run with all its {@code tasks}. */
    public static String run(HufuClient client, RunId id) throws InterruptedException {
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

    public static String task(HufuClient client, TaskId id) throws InterruptedException {
        return text(MAPPER.readTree(client.get("/tasks/" + id)));
    }

    /**
     * The items of a list, over as many pages as there are, as one array.
     *
     * @param pages gives the resource of the page at a cursor, which is empty for the first
     * @param atMost items
     */
    public static String list(HufuClient client, UnaryOperator<String> pages, long atMost) throws InterruptedException {
        ArrayNode all = MAPPER.createArrayNode();
        String cursor = "";
        do {
            JsonNode page = MAPPER.readTree(client.get(pages.apply(cursor)));
            for (JsonNode item : page.path("items")) {
                if (all.size() < atMost) {
                    all.add(item);
                }
            }
            cursor = page.path("nextCursor").asString("");
        } while (!cursor.isEmpty() && all.size() < atMost);
        return text(all);
    }

    public static String text(JsonNode node) {
        return SafeText.ofJson(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    }
}
