package dev.hufu.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Belief in the certificate authorities of a file, and in no other. Pure but for the reading. */
final class Trust {
    private Trust() {}

    static SSLSocketFactory in(Path file) throws IOException {
        try (InputStream stream = Files.newInputStream(file)) {
            Collection<? extends Certificate> authorities =
                    CertificateFactory.getInstance("X.509").generateCertificates(stream);
            if (authorities.isEmpty()) {
                throw new IOException(file + ": holds no certificate");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int number = 0;
            for (Certificate authority : authorities) {
                store.setCertificateEntry("authority-" + number++, authority);
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (CertificateException malformed) {
            throw new IOException(file + ": not certificates in PEM or DER", malformed);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java runtime lacks TLS", impossible);
        }
    }
}
