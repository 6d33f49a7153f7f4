package dev.hufu.server.auth;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The tokens that are accepted: the one of the administrator, made at the first start and kept in a file that only its
 * owner can read. In memory there is only its hash. Immutable and thread-safe.
 */
public final class Tokens {
    public static final String FILE_NAME = "admin.token";

    private static final int TOKEN_BYTES = 32;
    private static final int TOKEN_CHARACTERS = 43;
    private static final Caller ADMIN = new Caller("admin", EnumSet.allOf(Permission.class));

    private final Path file;
    private final byte[] adminHash;

    private Tokens(Path file, byte[] adminHash) {
        this.file = file;
        this.adminHash = adminHash;
    }

    /**
     * Reads the token file of a data directory, or makes it.
     *
     * @throws IOException with a message for the operator where it cannot be used: unreadable, readable by others, damaged
     */
    public static Tokens open(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve(FILE_NAME);
        String token = Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? read(file) : create(file);
        return new Tokens(file, hash(token));
    }

    /** Where the administrator's token lies. */
    public Path file() {
        return file;
    }

    /** Whose token this is. Takes as long for any wrong one. */
    public Optional<Caller> caller(String token) {
        return MessageDigest.isEqual(adminHash, hash(token)) ? Optional.of(ADMIN) : Optional.empty();
    }

    private static String read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is not a regular file; move it away to have a new token made");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
        Set<PosixFilePermission> others = EnumSet.copyOf(permissions);
        others.removeAll(EnumSet.of(
                PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));
        if (!others.isEmpty()) {
            throw new IOException(file + " is open to others (" + PosixFilePermissions.toString(permissions)
                    + "); remove it to have a new token made, or chmod 600 it if nobody else can have read it");
        }
        String token = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (token.length() != TOKEN_CHARACTERS) {
            throw new IOException(file + " does not hold a token; remove it to have a new one made");
        }
        return token;
    }

    /** Written beside and renamed, so that the file is never there without its whole content. */
    private static String create(Path file) throws IOException {
        byte[] secret = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(secret);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        Path fresh = file.resolveSibling(FILE_NAME + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(
                        EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE)))) {
            ByteBuffer bytes = ByteBuffer.wrap((token + "\n").getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        return token;
    }

    private static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
