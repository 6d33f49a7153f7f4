package dev.hufu.server;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.StreamName;
import dev.hufu.protocol.AttemptId;
import dev.hufu.server.output.AttemptOutput;
import dev.hufu.server.output.OutputStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** The output of node {@code local}: its agent's attempt files, read where they lie. Stateless. */
final class LocalOutput implements OutputStore {
    /** Finds the attempt's file. */
    @FunctionalInterface
    interface Source {
        Optional<OutputReader> open(AttemptId attempt) throws IOException;
    }

    private final Source source;

    LocalOutput(Source source) {
        this.source = source;
    }

    @Override
    public Optional<AttemptOutput> open(AttemptId attempt) throws IOException {
        return source.open(attempt).map(Adapted::new);
    }

    private record Adapted(OutputReader reader) implements AttemptOutput {
        @Override
        public Extent extent(Stream stream) throws IOException {
            OutputReader.Extent extent = reader.extent(name(stream));
            return new Extent(extent.written(), extent.headKept(), extent.tailFrom());
        }

        @Override
        public int read(Stream stream, long position, ByteBuffer target) throws IOException {
            return reader.read(name(stream), position, target);
        }

        @Override
        public List<Arrival> arrivals(long from, int limit) throws IOException {
            return reader.arrivals(from, limit).stream()
                    .map(arrival -> new Arrival(stream(arrival.stream()), arrival.position(), arrival.realtimeNanos()))
                    .toList();
        }

        @Override
        public void close() {
            reader.close();
        }

        private static StreamName name(Stream stream) {
            return switch (stream) {
                case STDOUT -> StreamName.STDOUT;
                case STDERR -> StreamName.STDERR;
            };
        }

        private static Stream stream(StreamName name) {
            return switch (name) {
                case STDOUT -> Stream.STDOUT;
                case STDERR -> Stream.STDERR;
            };
        }
    }
}
