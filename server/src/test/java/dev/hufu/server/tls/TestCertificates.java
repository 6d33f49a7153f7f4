package dev.hufu.server.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A key and a certificate signed with it, made by the JDK's own tool. */
public final class TestCertificates {
    private static final String PASSWORD = "password";

    private final X509Certificate certificate;
    private final PrivateKey key;

    private TestCertificates(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** @param more as in {@code -keyalg EC} */
    public static TestCertificates make(Path directory, String name, String... more) {
        Path store = directory.resolve(name + ".p12");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "hufu",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1,dns:localhost",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString()));
        command.addAll(List.of(more));
        try {
            Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (tool.waitFor() != 0) {
                throw new IllegalStateException(said);
            }
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream content = Files.newInputStream(store)) {
                keys.load(content, PASSWORD.toCharArray());
            }
            return new TestCertificates((X509Certificate) keys.getCertificate("hufu"), (PrivateKey)
                    keys.getKey("hufu", PASSWORD.toCharArray()));
        } catch (IOException | InterruptedException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    public X509Certificate certificate() {
        return certificate;
    }

    public String certificatePem() {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    public String keyPem() {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** The key without the frame that names its kind: PKCS #1 of RSA, SEC 1 of EC. */
    String oldKeyPem() {
        byte[] encoded = key.getEncoded();
        // SEQUENCE { INTEGER 0, SEQUENCE { … }, OCTET STRING { what is asked for } }
        int[] at = {0};
        enter(encoded, at);
        skip(encoded, at);
        skip(encoded, at);
        int end = at[0] + 1;
        int length = enter(encoded, at);
        byte[] inner = new byte[length];
        System.arraycopy(encoded, at[0], inner, 0, length);
        if (end >= encoded.length) {
            throw new IllegalStateException("no key");
        }
        return pem(key.getAlgorithm() + " PRIVATE KEY", inner);
    }

    public void write(Path certificateFile, Path keyFile) throws IOException {
        Files.writeString(certificateFile, certificatePem());
        Files.writeString(keyFile, keyPem());
    }

    /** For a client that trusts these, and nobody else. */
    public static SSLContext trusting(TestCertificates... trusted) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            for (TestCertificates each : trusted) {
                store.setCertificateEntry("c" + store.size(), each.certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    static String pem(String label, byte[] bytes) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
    }

    private static int enter(byte[] der, int[] at) {
        int first = der[at[0] + 1] & 0xff;
        int bytes = first < 0x80 ? 0 : first & 0x7f;
        int length = first < 0x80 ? first : 0;
        for (int i = 0; i < bytes; i++) {
            length = (length << 8) | (der[at[0] + 2 + i] & 0xff);
        }
        at[0] += 2 + bytes;
        return length;
    }

    private static void skip(byte[] der, int[] at) {
        int length = enter(der, at);
        at[0] += length;
    }
}
