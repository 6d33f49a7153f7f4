package dev.hufu.server.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys that checkpoints are held against, by their ids. Immutable and thread-safe. */
public final class PublicKeys {
    static final String ALGORITHM = "Ed25519";

    private static final Pattern PEM =
            Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");
    private static final int ID_BYTES = 8;
    private static final int LONGEST_FILE = 1 << 20;

    private final Map<String, PublicKey> keys;

    private PublicKeys(Map<String, PublicKey> keys) {
        this.keys = Map.copyOf(keys);
    }

    /**
     * Reads a file of one or more public keys in PEM.
     *
     * @throws IOException with a message for people, where it holds none
     */
    public static PublicKeys read(Path file) throws IOException {
        if (Files.size(file) > LONGEST_FILE) {
            throw new IOException(file + " is too large for a file of keys");
        }
        Matcher blocks = PEM.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        Map<String, PublicKey> keys = new HashMap<>();
        while (blocks.find()) {
            try {
                byte[] encoded = Base64.getMimeDecoder().decode(blocks.group(1));
                PublicKey key = KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
                keys.put(id(key), key);
            } catch (GeneralSecurityException | IllegalArgumentException other) {
                throw new IOException(file + " holds a key that is none of " + ALGORITHM, other);
            }
        }
        if (keys.isEmpty()) {
            throw new IOException(file + " holds no public key (PEM, BEGIN PUBLIC KEY)");
        }
        return new PublicKeys(keys);
    }

    /** The id of the key in a file of one. */
    static String onlyId(Path file) throws IOException {
        PublicKeys found = read(file);
        if (found.keys.size() != 1) {
            throw new IOException(file + " holds more than one key");
        }
        return found.keys.keySet().iterator().next();
    }

    /** Whether one of these keys signed it. */
    public boolean signed(Checkpoint checkpoint) {
        PublicKey key = keys.get(checkpoint.key());
        if (key == null) {
            return false;
        }
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(key);
            signature.update(checkpoint.signed());
            return signature.verify(HexFormat.of().parseHex(checkpoint.signature()));
        } catch (GeneralSecurityException | IllegalArgumentException malformed) {
            return false;
        }
    }

    /** The beginning of the SHA-256 of the encoded key, in hexadecimal digits. */
    static String id(PublicKey key) throws GeneralSecurityException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
        return HexFormat.of().formatHex(digest, 0, ID_BYTES);
    }
}
