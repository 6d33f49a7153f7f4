package dev.hufu.bench.peers;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The JDK's own, each pipe read by a virtual thread. */
public final class ProcessBuilderPeer extends JavaPeer {
    private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();

    @Override
    public String name() {
        return "ProcessBuilder";
    }

    @Override
    public Ran run(Order order) throws Exception {
        Process process = new ProcessBuilder(order.argv()).start();
        CompletableFuture<byte[]> stdout = CompletableFuture.supplyAsync(() -> all(process.getInputStream()), readers);
        CompletableFuture<byte[]> stderr = CompletableFuture.supplyAsync(() -> all(process.getErrorStream()), readers);
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(order.stdin());
        }
        boolean ended = process.waitFor(order.timeout().toMillis(), TimeUnit.MILLISECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        stderr.join();
        return new Ran(ended ? "exit " + process.exitValue() : "timeout", stdout.join());
    }

    private static byte[] all(java.io.InputStream stream) {
        try (stream) {
            return stream.readAllBytes();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        readers.shutdownNow();
    }
}
