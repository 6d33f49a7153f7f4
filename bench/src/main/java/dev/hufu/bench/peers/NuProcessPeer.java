package dev.hufu.bench.peers;

import com.zaxxer.nuprocess.NuAbstractProcessHandler;
import com.zaxxer.nuprocess.NuProcess;
import com.zaxxer.nuprocess.NuProcessBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** NuProcess: no thread for each process. */
public final class NuProcessPeer extends JavaPeer {
    @Override
    public String name() {
        return "NuProcess";
    }

    @Override
    public Ran run(Order order) throws Exception {
        NuProcessBuilder builder = new NuProcessBuilder(order.argv());
        Output output = new Output(order.stdin());
        builder.setProcessListener(output);
        NuProcess process = builder.start();
        if (process == null) {
            throw new IllegalStateException("not started");
        }
        int code = process.waitFor(order.timeout().toMillis(), TimeUnit.MILLISECONDS);
        boolean late = code == Integer.MIN_VALUE && process.isRunning();
        if (late) {
            process.destroy(true);
            process.waitFor(0, TimeUnit.SECONDS);
        }
        return new Ran(late ? "timeout" : "exit " + code, output.bytes());
    }

    /** On the library's thread. */
    private static final class Output extends NuAbstractProcessHandler {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final ByteBuffer stdin;

        private Output(byte[] stdin) {
            this.stdin = ByteBuffer.wrap(stdin);
        }

        synchronized byte[] bytes() {
            return kept.toByteArray();
        }

        @Override
        public void onStart(NuProcess process) {
            if (stdin.hasRemaining()) {
                process.wantWrite();
            } else {
                process.closeStdin(true);
            }
        }

        @Override
        public boolean onStdinReady(ByteBuffer buffer) {
            int count = Math.min(buffer.remaining(), stdin.remaining());
            buffer.put(stdin.slice(stdin.position(), count));
            stdin.position(stdin.position() + count);
            buffer.flip();
            return stdin.hasRemaining();
        }

        @Override
        public synchronized void onStdout(ByteBuffer buffer, boolean closed) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            kept.writeBytes(bytes);
        }
    }

    @Override
    public void close() {
        // Its threads end by themselves.
    }
}
