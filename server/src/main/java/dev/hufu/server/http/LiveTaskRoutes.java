package dev.hufu.server.http;

import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.TaskId;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.fleet.LiveTasks;
import dev.hufu.server.http.order.SignalRequestReader;
import dev.hufu.server.http.view.ProcessListView;
import dev.hufu.server.http.view.TaskView;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.store.TaskRecord;
import java.io.IOException;
import java.util.List;

/** {@code /tasks/{id}/processes} and {@code /tasks/{id}/signal}. Decodes and renders, nothing else. */
final class LiveTaskRoutes {
    private final LiveTasks tasks;
    private final TaskOutputs outputs;

    LiveTaskRoutes(LiveTasks tasks, TaskOutputs outputs) {
        this.tasks = tasks;
        this.outputs = outputs;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", TaskRoutes.TASK + "/processes", Permission.READ, this::processes),
                new Route("POST", TaskRoutes.TASK + "/signal", Permission.SIGNAL, this::signal));
    }

    private void processes(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        TaskId id = TaskRoutes.id(exchange);
        ProcessList list = tasks.processes(id).orElseThrow(TaskRoutes::unknown);
        exchange.json(200, ProcessListView.render(list));
    }

    private void signal(Exchange exchange) throws IOException, InterruptedException {
        exchange.noQuery();
        SignalRequestReader.SignalRequest request = SignalRequestReader.read(exchange.jsonBody());
        TaskId id = TaskRoutes.id(exchange);
        TaskRecord task = tasks.signal(
                        id,
                        request.signal(),
                        request.wholeTree(),
                        exchange.caller().name())
                .orElseThrow(TaskRoutes::unknown);
        exchange.json(202, TaskView.render(task, outputs.summary(task, false)));
    }
}
