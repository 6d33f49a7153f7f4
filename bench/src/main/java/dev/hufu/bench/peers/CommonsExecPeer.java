package dev.hufu.bench.peers;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteException;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;

/** Apache Commons Exec. */
public final class CommonsExecPeer extends JavaPeer {
    @Override
    public String name() {
        return "commons-exec";
    }

    @Override
    public Ran run(Order order) throws Exception {
        List<String> argv = order.argv();
        CommandLine line = new CommandLine(argv.getFirst());
        argv.subList(1, argv.size()).forEach(argument -> line.addArgument(argument, false));
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        ExecuteWatchdog watchdog =
                ExecuteWatchdog.builder().setTimeout(order.timeout()).get();
        DefaultExecutor executor = DefaultExecutor.builder().get();
        executor.setStreamHandler(new PumpStreamHandler(
                kept,
                new ByteArrayOutputStream(),
                order.stdin().length == 0 ? null : new ByteArrayInputStream(order.stdin())));
        executor.setWatchdog(watchdog);
        executor.setExitValues(null);
        try {
            int code = executor.execute(line);
            return new Ran(watchdog.killedProcess() ? "timeout" : "exit " + code, kept.toByteArray());
        } catch (ExecuteException ended) {
            return new Ran(watchdog.killedProcess() ? "timeout" : "exit " + ended.getExitValue(), kept.toByteArray());
        }
    }

    @Override
    public void close() {
        // It keeps nothing.
    }
}
