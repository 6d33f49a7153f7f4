package dev.hufu.server.tls;

import dev.hufu.protocol.Bytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One block of a PEM file.
 *
 * @param label as in {@code PRIVATE KEY}
 */
record Pem(String label, Bytes bytes) {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----\\s([^-]*)-----END \\1-----");

    /** The blocks of a text; what is around them is left out, as everybody does. */
    static List<Pem> blocks(String text) throws IOException {
        List<Pem> blocks = new ArrayList<>();
        Matcher found = BLOCK.matcher(text);
        while (found.find()) {
            String body = found.group(2);
            // Headers of the old kind of encrypted key end with an empty line; without them the rest is Base64.
            if (body.contains("ENCRYPTED")) {
                throw new IOException("is encrypted; it must be readable without a passphrase");
            }
            try {
                blocks.add(
                        new Pem(found.group(1), Bytes.of(Base64.getMimeDecoder().decode(body))));
            } catch (IllegalArgumentException notBase64) {
                throw new IOException("holds a block that is not Base64", notBase64);
            }
        }
        return blocks;
    }
}
