package dev.hufu.server.http;

import dev.hufu.server.auth.Tokens;
import dev.hufu.server.fleet.Nodes;
import dev.hufu.server.output.OutputStore;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import java.util.ArrayList;
import java.util.List;

/** The one table of routes, each with what it asks of its caller, and the gate before them. Immutable and thread-safe. */
public final class Api {
    private final Submissions submissions;
    private final Gate gate;
    private final List<Route> routes;

    public Api(RunActions runs, RunStore store, OutputStore outputs, Nodes nodes, Tokens tokens, Timers timers) {
        this.submissions = runs.submissions();
        this.gate = new Gate(tokens, new FailedLogins(store, timers));
        TaskOutputs taskOutputs = new TaskOutputs(outputs);
        List<Route> all = new ArrayList<>();
        all.addAll(new RunRoutes(runs, store, taskOutputs).routes());
        all.addAll(new RunListRoutes(store).routes());
        all.addAll(new TaskRoutes(store, taskOutputs).routes());
        all.addAll(new OutputRoutes(store, outputs).routes());
        all.addAll(new NodeRoutes(nodes, submissions).routes());
        all.addAll(new HealthRoutes(submissions, store).routes());
        all.addAll(new DocumentRoutes().routes());
        this.routes = List.copyOf(all);
    }

    List<Route> routes() {
        return routes;
    }

    Gate gate() {
        return gate;
    }

    boolean draining() {
        return submissions.draining();
    }
}
