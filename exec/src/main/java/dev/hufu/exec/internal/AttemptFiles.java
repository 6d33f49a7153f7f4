package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** What can be read of an attempt file without a launcher. */
public final class AttemptFiles {
    private AttemptFiles() {}

    public static byte[] metadata(Path path) throws IOException {
        try (AttemptFile file = new AttemptFile(path)) {
            int length = file.header().layout().metadataLength();
            if (length > Protocol.MAX_REQUEST) {
                throw new MalformedException("metadata too long in " + path);
            }
            byte[] metadata = new byte[length];
            if (file.read(ByteBuffer.wrap(metadata), Protocol.METADATA_AT) < length) {
                throw new MalformedException("attempt file cut: " + path);
            }
            return metadata;
        }
    }

    public static OutputReader output(Path path) throws IOException {
        AttemptFile file = new AttemptFile(path);
        try {
            return new AttemptOutput(file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }
}
