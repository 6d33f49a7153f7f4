package dev.hufu.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** Sends one request over and over on some connections. Lean on purpose: it shares the machine with what it measures. */
final class HttpLoad {
    private final URI target;
    private final byte[] request;

    HttpLoad(URI target, String headers, String body) {
        this.target = target;
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String head = "POST " + target.getPath() + " HTTP/1.1\r\nHost: " + target.getAuthority()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + content.length + "\r\n" + headers + "\r\n";
        this.request = (head + body).getBytes(StandardCharsets.UTF_8);
    }

    /** Every answer must be a success. */
    Sample measure(int connections, int requests) throws InterruptedException, ExecutionException {
        long[] nanos = new long[requests];
        AtomicInteger next = new AtomicInteger();
        long start = System.nanoTime();
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                all.add(senders.submit(() -> {
                    try (Socket socket = new Socket(target.getHost(), target.getPort())) {
                        socket.setTcpNoDelay(true);
                        InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
                        for (int each = next.getAndIncrement(); each < requests; each = next.getAndIncrement()) {
                            long sent = System.nanoTime();
                            socket.getOutputStream().write(request);
                            int status = readAnswer(in);
                            if (status / 100 != 2) {
                                throw new IOException("answered " + status);
                            }
                            nanos[each] = System.nanoTime() - sent;
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        return Sample.of(nanos, System.nanoTime() - start);
    }

    /** Answers of one connection after the other, until told to stop: how many of each status. */
    Map<Integer, Long> flood(int connections, Duration pauseWhenRefused, BooleanSupplier goesOn)
            throws InterruptedException, ExecutionException {
        Map<Integer, Long> answers = new ConcurrentHashMap<>();
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                all.add(senders.submit(() -> {
                    try (Socket socket = new Socket(target.getHost(), target.getPort())) {
                        socket.setTcpNoDelay(true);
                        InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
                        while (goesOn.getAsBoolean()) {
                            socket.getOutputStream().write(request);
                            int status = readAnswer(in);
                            answers.merge(status, 1L, Long::sum);
                            if (status / 100 != 2) {
                                Thread.sleep(pauseWhenRefused);
                            }
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        return answers;
    }

    private static int readAnswer(InputStream in) throws IOException {
        int status = Integer.parseInt(line(in).substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
        long length = -1;
        boolean chunked = false;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            String name = header.substring(0, colon);
            if (name.equalsIgnoreCase("Content-Length")) {
                length = Long.parseLong(header.substring(colon + 1).strip());
            } else if (name.equalsIgnoreCase("Transfer-Encoding")) {
                chunked = true;
            }
        }
        if (chunked) {
            for (long size = chunk(in); size > 0; size = chunk(in)) {
                in.skipNBytes(size + 2);
            }
            line(in);
        } else {
            in.skipNBytes(length);
        }
        return status;
    }

    private static long chunk(InputStream in) throws IOException {
        return Long.parseLong(line(in), 16);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the connection was closed");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }
}
