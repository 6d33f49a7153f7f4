package dev.hufu.server.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.server.Core;
import dev.hufu.server.FakeTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class CertificatesTest {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private TestCertificates ec;
    private TestCertificates rsa;
    private TestCertificates ed;
    private Path certificate;
    private Path key;
    private FakeTimers timers;

    @BeforeAll
    void make(@TempDir Path made) {
        ec = TestCertificates.make(made, "ec", "-keyalg", "EC", "-groupname", "secp384r1");
        rsa = TestCertificates.make(made, "rsa", "-keyalg", "RSA", "-keysize", "2048");
        ed = TestCertificates.make(made, "ed", "-keyalg", "Ed25519");
    }

    @BeforeEach
    void begin(@TempDir Path directory) {
        certificate = directory.resolve("server.pem");
        key = directory.resolve("server.key");
        timers = new FakeTimers();
    }

    private Certificates open() {
        return Certificates.open(certificate, key, INTERVAL, Duration.ofDays(14), timers);
    }

    /** Returns when it has looked: then the next look is planned. */
    private void look() throws InterruptedException {
        timers.advance(INTERVAL);
        Core.await("a look", () -> timers.scheduled() == 1);
    }

    private Identity written(String certificates, String keys) throws IOException {
        Files.writeString(certificate, certificates);
        Files.writeString(key, keys);
        return Identity.read(certificate, key);
    }

    @Test
    void everyFormOfAKeyIsRead() throws IOException {
        assertThat(written(ec.certificatePem(), ec.keyPem()).keyType()).isEqualTo("EC");
        assertThat(written(ec.certificatePem(), ec.oldKeyPem()).keyType()).isEqualTo("EC");
        assertThat(written(rsa.certificatePem(), rsa.keyPem()).keyType()).isEqualTo("RSA");
        assertThat(written(rsa.certificatePem(), rsa.oldKeyPem()).keyType()).isEqualTo("RSA");
        assertThat(written(ed.certificatePem(), ed.keyPem()).keyType()).isEqualTo("EdDSA");
    }

    @Test
    void theWholeChainIsRead() throws IOException {
        Identity identity = written(
                "what openssl prints before\n" + ec.certificatePem() + rsa.certificatePem(),
                "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n" + ec.oldKeyPem());
        assertThat(identity.chain()).containsExactly(ec.certificate(), rsa.certificate());
    }

    private void refused(String certificates, String keys, String reason) {
        assertThatThrownBy(() -> written(certificates, keys))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void whatCannotServeIsRefusedWithAReason(@TempDir Path directory) {
        String secret = rsa.keyPem().lines().skip(3).findFirst().orElseThrow();
        refused(
                ec.certificatePem(),
                TestCertificates.make(directory, "o", "-keyalg", "EC").keyPem(),
                "is not that of");
        refused(ec.certificatePem(), rsa.keyPem(), "holds no key that fits");
        refused("nothing", ec.keyPem(), "holds no certificate");
        refused(ec.certificatePem(), "nothing", "holds no private key");
        refused(ec.certificatePem(), ec.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE"), "is encrypted");
        refused(ec.certificatePem().replace("MII", "MIA"), ec.keyPem(), "cannot be read");
        assertThatThrownBy(() -> written(rsa.certificatePem(), rsa.keyPem().replace("MII", "MIA")))
                .hasMessageNotContaining(secret);
        assertThatThrownBy(this::open).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void aNewPairIsTakenAndABrokenOneIsNot() throws IOException, InterruptedException {
        ec.write(certificate, key);
        Certificates certificates = open();
        certificates.start();
        assertThat(certificates.expiresAt()).isEqualTo(end(ec));

        look();
        assertThat(certificates.reloads()).isZero();

        Files.writeString(certificate, rsa.certificatePem());
        look();
        assertThat(certificates.failures()).as("half of a new pair").isEqualTo(1);
        assertThat(certificates.reloads()).isZero();
        look();
        assertThat(certificates.failures()).as("told once").isEqualTo(1);

        Files.delete(key);
        look();
        assertThat(certificates.reloads()).isZero();
        Files.writeString(key, rsa.keyPem());
        look();
        assertThat(certificates.reloads()).isEqualTo(1);
        assertThat(certificates.expiresAt()).isEqualTo(end(rsa));

        certificates.stop();
        certificates.stop();
        assertThat(timers.scheduled()).isZero();
        assertThat(certificates.reloads()).isEqualTo(1);
    }

    @Test
    void aHandshakeThatBeganBeforeAChangeEndsWithWhatItBeganWith() throws IOException {
        ec.write(certificate, key);
        Identity first = Identity.read(certificate, key);
        ServerKeys keys = new ServerKeys(first);
        String alias = String.valueOf(keys.chooseServerAlias("EC", null, null));
        keys.replace(written(rsa.certificatePem(), rsa.keyPem()));
        assertThat(keys.getPrivateKey(alias)).isEqualTo(first.key());
        assertThat(keys.getCertificateChain(alias)).containsExactly(ec.certificate());
        assertThat(keys.chooseServerAlias("EC", null, null)).isNull();
        assertThat(keys.chooseServerAlias("RSA", null, null)).isNotNull().isNotEqualTo(alias);
    }

    private static Instant end(TestCertificates made) {
        return made.certificate().getNotAfter().toInstant();
    }
}
