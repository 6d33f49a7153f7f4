package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import dev.hufu.protocol.TaskState;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.view.TaskView;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.util.List;
import org.slf4j.MDC;

/** {@code /tasks/{id}} and {@code /runs/{id}/tasks}. */
final class TaskRoutes {
    static final String TASK = "/api/v1/tasks/{id}";

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
        QueryParameters query = exchange.query(ListPage.LIMIT, ListPage.CURSOR, "state");
        TaskState state = query.oneOf("state", TaskState.values());
        ListPage page = ListPage.asked(
                query,
                "tasks of " + run + " in " + state,
                position -> TaskId.parse(position).isPresent());
        query.throwIfWrong();
        if (store.run(run).isEmpty()) {
            throw RunRoutes.unknown();
        }
        int from = page.after() == null
                ? 0
                : TaskId.parse(page.after()).orElseThrow().index() + 1;
        List<TaskRecord> found = store.tasks(run, state, from, page.limit() + 1);
        boolean more = found.size() > page.limit();
        List<TaskRecord> shown = more ? found.subList(0, page.limit()) : found;
        page.answer(
                exchange,
                shown,
                (generator, task) -> TaskView.write(generator, task, outputs.summary(task, false)),
                more ? shown.getLast().id().toString() : null);
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
