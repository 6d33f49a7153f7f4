package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** {@code /tasks/{id}} and {@code /runs/{id}/tasks}. */
final class TaskRoutes {
    static final String TASK = "/api/v1/tasks/{id}";

    private static final int DEFAULT_LIMIT = 50;
    private static final int MAXIMUM_LIMIT = 500;

    private final RunStore store;
    private final TaskOutputs outputs;

    TaskRoutes(RunStore store, TaskOutputs outputs) {
        this.store = store;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/api/v1/runs/{id}/tasks", Permission.READ, this::list),
                new Route("GET", TASK, Permission.READ, this::show));
    }

    private void show(Exchange exchange) throws IOException {
        exchange.noQuery();
        TaskRecord task = store.task(id(exchange)).orElseThrow(TaskRoutes::unknown);
        exchange.json(200, TaskView.render(task, outputs.summary(task, false)));
    }

    private void list(Exchange exchange) throws IOException {
        RunId run = RunRoutes.id(exchange);
        QueryParameters query = exchange.query("limit", "cursor", "state");
        int limit = (int) query.number("limit", 1, MAXIMUM_LIMIT, DEFAULT_LIMIT);
        TaskState state = state(query);
        int from = from(query, run, state);
        query.throwIfWrong();
        if (store.run(run).isEmpty()) {
            throw RunRoutes.unknown();
        }
        List<TaskRecord> found = store.tasks(run, state, from, limit + 1);
        List<TaskRecord> shown = found.size() > limit ? found.subList(0, limit) : found;
        String next = found.size() > limit
                ? TaskCursor.encode(run, state, found.get(limit).id().index())
                : null;
        exchange.json(200, Json.write(generator -> {
            generator.writeStartObject();
            generator.writeArrayPropertyStart("items");
            for (TaskRecord task : shown) {
                TaskView.write(generator, task, outputs.summary(task, false));
            }
            generator.writeEndArray();
            Json.text(generator, "nextCursor", next);
            generator.writeEndObject();
        }));
    }

    private static @Nullable TaskState state(QueryParameters query) {
        String name = query.text("state");
        if (name == null) {
            return null;
        }
        for (TaskState state : TaskState.values()) {
            if (state.name().equals(name)) {
                return state;
            }
        }
        query.reject("state", "must be one of " + List.of(TaskState.values()));
        return null;
    }

    private static int from(QueryParameters query, RunId run, @Nullable TaskState state) {
        String cursor = query.text("cursor");
        if (cursor == null) {
            return 0;
        }
        OptionalInt index = TaskCursor.decode(run, state, cursor);
        if (index.isEmpty()) {
            query.reject("cursor", "is not a cursor of this list");
        }
        return index.orElse(0);
    }

    static TaskId id(Exchange exchange) {
        TaskId id = TaskId.parse(exchange.pathParameter("id")).orElseThrow(TaskRoutes::unknown);
        MDC.put(RequestCycle.MDC_RUN, id.run().value());
        MDC.put(RequestCycle.MDC_TASK, id.toString());
        return id;
    }

    static Refusal unknown() {
        return new Refusal(ErrorKind.NOT_FOUND, "There is no such task.");
    }
}
