package dev.hufu.server.audit;

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
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * The key that signs checkpoints: made where there is none, in a file that only its owner can read, with the public half
 * beside it for whoever is to verify. Immutable; not for several threads at once.
 */
public final class CheckpointKey {
    public static final String PRIVATE_FILE = "audit-checkpoint.key";
    public static final String PUBLIC_FILE = "audit-checkpoint.pub";

    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final Set<PosixFilePermission> OWNER =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final Set<PosixFilePermission> READABLE =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ);

    private final PrivateKey key;
    private final String id;

    private CheckpointKey(PrivateKey key, String id) {
        this.key = key;
        this.id = id;
    }

    /**
     * Reads the key of a data directory, or makes it.
     *
     * @throws IOException with a message for the operator where it cannot be used: unreadable, readable by others, damaged
     */
    public static CheckpointKey open(Path directory) throws IOException {
        Path file = directory.resolve(PRIVATE_FILE);
        try {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? read(directory, file) : make(directory, file);
        } catch (GeneralSecurityException unusable) {
            throw new IOException(
                    file + " is no key of " + PublicKeys.ALGORITHM + "; move it away to have one made", unusable);
        }
    }

    /** Of the key, as checkpoints name it. */
    public String id() {
        return id;
    }

    public Checkpoint sign(long sequence, String hash, Instant at) {
        Checkpoint unsigned = new Checkpoint(sequence, hash, at, id, "");
        try {
            Signature signature = Signature.getInstance(PublicKeys.ALGORITHM);
            signature.initSign(key);
            signature.update(unsigned.signed());
            return new Checkpoint(sequence, hash, at, id, HexFormat.of().formatHex(signature.sign()));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has " + PublicKeys.ALGORITHM, impossible);
        }
    }

    private static CheckpointKey read(Path directory, Path file) throws IOException, GeneralSecurityException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is not a regular file; move it away to have a key made");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
        if (!OWNER.containsAll(permissions)) {
            throw new IOException(file + " is open to others (" + PosixFilePermissions.toString(permissions)
                    + "); move it away to have another made, or chmod 600 it if nobody else can have read it");
        }
        String pem = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (!pem.startsWith(BEGIN) || !pem.endsWith(END)) {
            throw new IOException(file + " holds no private key in PEM; move it away to have one made");
        }
        PrivateKey key;
        try {
            byte[] encoded = Base64.getMimeDecoder().decode(pem.substring(BEGIN.length(), pem.length() - END.length()));
            key = KeyFactory.getInstance(PublicKeys.ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (IllegalArgumentException noBase64) {
            throw new IOException(file + " holds no private key in PEM; move it away to have one made", noBase64);
        }
        Path publicFile = directory.resolve(PUBLIC_FILE);
        String id = PublicKeys.onlyId(publicFile);
        CheckpointKey found = new CheckpointKey(key, id);
        if (!PublicKeys.read(publicFile).signed(found.sign(0, "", Instant.EPOCH))) {
            throw new IOException(
                    publicFile + " is not the public half of " + file + "; move both away to have new ones");
        }
        return found;
    }

    /** The public half first: a private one that is there has its public one beside it, however a start was cut short. */
    private static CheckpointKey make(Path directory, Path file) throws IOException, GeneralSecurityException {
        Path publicFile = directory.resolve(PUBLIC_FILE);
        if (Files.exists(publicFile)) {
            // What it has signed is to be verified with it for as long as it is kept.
            Files.move(publicFile, directory.resolve(PUBLIC_FILE + "." + PublicKeys.onlyId(publicFile)));
        }
        KeyPair pair = KeyPairGenerator.getInstance(PublicKeys.ALGORITHM).generateKeyPair();
        write(publicFile, "PUBLIC", pair.getPublic().getEncoded(), READABLE);
        write(file, "PRIVATE", pair.getPrivate().getEncoded(), OWNER);
        return new CheckpointKey(pair.getPrivate(), PublicKeys.id(pair.getPublic()));
    }

    /** Written beside and renamed, so that the file is never there without its whole content. */
    private static void write(Path file, String kind, byte[] encoded, Set<PosixFilePermission> permissions)
            throws IOException {
        String pem = "-----BEGIN " + kind + " KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded) + "\n-----END " + kind
                + " KEY-----\n";
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(permissions))) {
            ByteBuffer bytes = ByteBuffer.wrap(pem.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
