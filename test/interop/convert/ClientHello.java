import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * Prints the first message of a client that the system properties set up; of one for each protocol that is named,
 * and a dash where it has nothing to offer.
 */
public class ClientHello {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) System.out.println(hello(SSLContext.getDefault()));
    for (String protocol : arguments) {
      SSLContext context = SSLContext.getInstance(protocol);
      context.init(null, null, null);
      String text = "-";
      try {
        text = hello(context);
      } catch (SSLException error) {
        // No version and suite is left.
      }
      System.out.println(text);
    }
  }

  private static String hello(SSLContext context) throws SSLException {
    SSLEngine engine = context.createSSLEngine("localhost", 443);
    engine.setUseClientMode(true);
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), record);
    record.flip();
    StringBuilder text = new StringBuilder();
    while (record.hasRemaining()) text.append(String.format("%02x", record.get()));
    return text.toString();
  }
}
