package dev.hufu.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that is measured, or measured against: a process of its own, ended when this is closed. */
final class Program implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final Process process;
    private final String firstLine;

    private Program(Process process, String firstLine) {
        this.process = process;
        this.firstLine = firstLine;
    }

    /** Starts a server and waits for its first line, which says where it listens. */
    static Program server(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        if (line == null) {
            throw new IOException(command.getFirst() + " did not start");
        }
        return new Program(process, line);
    }

    /** Runs a program to its end. @return what it printed */
    static String output(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command.getFirst() + " failed with " + process.exitValue() + ": " + output.strip());
        }
        return output;
    }

    /** From a program's start to the first byte of its output; the rest is read to its end. */
    static double firstByteSeconds(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        long begin = System.nanoTime();
        Process process = builder.start();
        process.getOutputStream().close();
        int first = process.getInputStream().read();
        double seconds = (System.nanoTime() - begin) / 1e9;
        process.getInputStream().transferTo(OutputStream.nullOutputStream());
        if (process.waitFor() != 0 || first < 0) {
            throw new IOException(command.getFirst() + " failed with " + process.exitValue());
        }
        return seconds;
    }

    String address() {
        return firstLine.substring(firstLine.indexOf("http://")).strip();
    }

    long pid() {
        return process.pid();
    }

    /** As {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted", interrupted));
        }
    }
}
