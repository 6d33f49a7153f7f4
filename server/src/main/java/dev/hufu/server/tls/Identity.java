package dev.hufu.server.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Who this server is: its certificate, those that lead to its root, and the private key of the first. Every one that exists
 * has been tried: the key signs what the certificate verifies.
 */
record Identity(List<X509Certificate> chain, PrivateKey key) {
    private static final long LARGEST_FILE = 1 << 20;
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final byte[] VERSION = {0x02, 0x01, 0x00};

    Identity {
        chain = List.copyOf(chain);
    }

    /** @throws IOException with a message for people that names the file */
    static Identity read(Path certificateFile, Path keyFile) throws IOException {
        List<X509Certificate> chain = certificates(certificateFile);
        PublicKey publicKey = chain.getFirst().getPublicKey();
        PrivateKey key = key(keyFile, publicKey);
        if (!belong(publicKey, key)) {
            throw new IOException(
                    "the key in " + keyFile + " is not that of the first certificate in " + certificateFile);
        }
        return new Identity(chain, key);
    }

    /** When the first certificate of the chain ends. */
    Instant expiresAt() {
        return chain.stream()
                .map(each -> each.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .orElseThrow();
    }

    /** The kind of its key, as TLS names it: {@code RSA}, {@code EC}, {@code EdDSA}. */
    String keyType() {
        return key.getAlgorithm();
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        List<X509Certificate> chain = new ArrayList<>();
        for (Pem block : blocks(file)) {
            if (block.label().equals("CERTIFICATE")) {
                chain.add(certificate(file, block));
            }
        }
        if (chain.isEmpty()) {
            throw new IOException(file + " holds no certificate in PEM");
        }
        return chain;
    }

    private static X509Certificate certificate(Path file, Pem block) throws IOException {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(block.bytes().toArray()));
        } catch (CertificateException malformed) {
            throw new IOException(
                    file + " holds a certificate that cannot be read: " + malformed.getMessage(), malformed);
        }
    }

    private static PrivateKey key(Path file, PublicKey publicKey) throws IOException {
        for (Pem block : blocks(file)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return key(file, publicKey, block.bytes().toArray());
                }
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> {
                    return key(file, publicKey, wrapped(publicKey, block.bytes().toArray()));
                }
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new IOException(file + " is encrypted; it must be readable without a passphrase");
                default -> {}
            }
        }
        throw new IOException(file + " holds no private key in PEM");
    }

    private static PrivateKey key(Path file, PublicKey publicKey, byte[] encoded) throws IOException {
        try {
            return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException malformed) {
            throw new IOException(
                    file + " holds no key that fits the certificate (" + publicKey.getAlgorithm()
                            + "), or it cannot be read",
                    malformed);
        }
    }

    private static boolean belong(PublicKey publicKey, PrivateKey key) throws IOException {
        byte[] probe = "hufu".getBytes(StandardCharsets.US_ASCII);
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "EdDSA";
        };
        try {
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(probe);
            byte[] signature = signing.sign();
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(publicKey);
            verifying.update(probe);
            return verifying.verify(signature);
        } catch (GeneralSecurityException unfit) {
            throw new IOException(
                    "certificates with a key of kind " + publicKey.getAlgorithm() + " cannot be used", unfit);
        }
    }

    private static List<Pem> blocks(Path file) throws IOException {
        if (Files.size(file) > LARGEST_FILE) {
            throw new IOException(file + " is larger than " + LARGEST_FILE + " bytes");
        }
        try {
            return Pem.blocks(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException malformed) {
            throw new IOException(file + " " + malformed.getMessage(), malformed);
        }
    }

    /** The older forms of a key as PKCS #8, whose algorithm identifier is the one in the certificate's public key. */
    private static byte[] wrapped(PublicKey publicKey, byte[] key) {
        byte[] algorithm = firstElement(publicKey.getEncoded());
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(VERSION);
        content.writeBytes(algorithm);
        content.writeBytes(element(OCTET_STRING, key));
        return element(SEQUENCE, content.toByteArray());
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        encoded.write(tag);
        if (content.length < 0x80) {
            encoded.write(content.length);
        } else {
            int bytes = content.length < 0x100 ? 1 : content.length < 0x1_0000 ? 2 : 3;
            encoded.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                encoded.write(content.length >> (8 * i));
            }
        }
        encoded.writeBytes(content);
        return encoded.toByteArray();
    }

    /** The first element inside the outermost one. */
    private static byte[] firstElement(byte[] outer) {
        int start = contentStart(outer, 0);
        int content = contentStart(outer, start);
        byte[] first = new byte[content + length(outer, start) - start];
        System.arraycopy(outer, start, first, 0, first.length);
        return first;
    }

    private static int contentStart(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xff);
        }
        return length;
    }
}
