package dev.hufu.bench.peers;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.zeroturnaround.exec.ProcessExecutor;

/** zt-exec. */
public final class ZtExecPeer extends JavaPeer {
    @Override
    public String name() {
        return "zt-exec";
    }

    @Override
    public Ran run(Order order) throws Exception {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        ProcessExecutor executor = new ProcessExecutor(order.argv())
                .redirectOutput(kept)
                .timeout(order.timeout().toMillis(), TimeUnit.MILLISECONDS);
        if (order.stdin().length > 0) {
            executor.redirectInput(new ByteArrayInputStream(order.stdin()));
        }
        try {
            return new Ran("exit " + executor.execute().getExitValue(), kept.toByteArray());
        } catch (TimeoutException late) {
            return new Ran("timeout", kept.toByteArray());
        }
    }

    @Override
    public void close() {
        // It keeps nothing.
    }
}
