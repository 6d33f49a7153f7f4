package dev.hufu.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Go's os/exec, in a program of its own. */
public final class GoPeer implements Peer {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<String> program;

    /** @param program how to start what was built of {@code peer.go} */
    public GoPeer(List<String> program) {
        this.program = List.copyOf(program);
    }

    @Override
    public String name() {
        return "Go os/exec";
    }

    @Override
    public Ran run(Order order) throws IOException, InterruptedException {
        Process process = start("one", List.of(String.valueOf(order.timeout().toMillis())), order.argv());
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(order.stdin());
        }
        JsonNode told = answer(process);
        return new Ran(
                told.path("end").asString(),
                Base64.getDecoder().decode(told.path("stdout").asString()),
                told.path("kept").asLong());
    }

    /** Its own figures, as the program of limits prints them. */
    public JsonNode rate(int concurrency, int count, List<String> argv) throws IOException, InterruptedException {
        Process process = start("rate", List.of(String.valueOf(concurrency), String.valueOf(count)), argv);
        process.getOutputStream().close();
        return answer(process);
    }

    @Override
    public int threadsWhileRunning(int count) throws IOException, InterruptedException {
        try (Marked sleepers = new Marked(600)) {
            Process process = start("hold", List.of(String.valueOf(count)), List.of("sleep", sleepers.seconds()));
            int alive = sleepers.await(count, PATIENCE);
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            int threads = Integer.parseInt(lines.readLine().strip());
            sleepers.kill();
            process.waitFor();
            if (alive != count) {
                throw new IOException(alive + " of " + count + " were running");
            }
            return threads;
        }
    }

    private Process start(String mode, List<String> arguments, List<String> argv) throws IOException {
        List<String> command = new ArrayList<>(program);
        command.add(mode);
        command.addAll(arguments);
        command.addAll(argv);
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static JsonNode answer(Process process) throws IOException, InterruptedException {
        byte[] told = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new IOException("the peer failed with " + process.exitValue());
        }
        return JsonMapper.shared().readTree(told);
    }

    @Override
    public void close() {
        // Each call is a process of its own.
    }
}
