package dev.hufu.cli.page;

import dev.hufu.client.HufuClient;
import dev.hufu.client.Task;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.json.JsonValues;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What {@code -o json} prints: the server's own words, also those that this program does not know. */
public final class JsonPage {
    private JsonPage() {}

    /** A run with all its {@code tasks}. */
    public static String run(HufuClient client, RunId id) throws InterruptedException {
        Map<String, @Nullable Object> run = new LinkedHashMap<>();
        if (JsonValues.read(client.get("/runs/" + id)) instanceof Map<?, ?> answer) {
            answer.forEach((name, value) -> run.put(String.valueOf(name), value));
        }
        List<@Nullable Object> tasks = new ArrayList<>();
        for (Task task : client.tasks(id)) {
            tasks.add(JsonValues.read(client.get("/tasks/" + task.id())));
        }
        run.put("tasks", tasks);
        return text(run);
    }

    public static String task(HufuClient client, TaskId id) throws InterruptedException {
        return text(JsonValues.read(client.get("/tasks/" + id)));
    }

    public static String processes(HufuClient client, TaskId id) throws InterruptedException {
        return text(JsonValues.read(client.get("/tasks/" + id + "/processes")));
    }

    /**
     * The items of a list, over as many pages as there are, as one array.
     *
     * @param pages gives the resource of the page at a cursor, which is empty for the first
     * @param atMost items
     */
    public static String list(HufuClient client, UnaryOperator<String> pages, long atMost) throws InterruptedException {
        List<@Nullable Object> all = new ArrayList<>();
        String cursor = "";
        do {
            Map<?, ?> page =
                    JsonValues.read(client.get(pages.apply(cursor))) instanceof Map<?, ?> answer ? answer : Map.of();
            if (page.get("items") instanceof List<?> items) {
                items.stream().limit(atMost - all.size()).forEach(all::add);
            }
            cursor = page.get("nextCursor") instanceof String next ? next : "";
        } while (!cursor.isEmpty() && all.size() < atMost);
        return text(all);
    }

    public static String text(@Nullable Object value) {
        return SafeText.ofJson(JsonValues.pretty(value));
    }
}
