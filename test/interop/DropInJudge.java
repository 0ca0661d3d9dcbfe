import java.io.StringReader;
import java.lang.reflect.Field;
import java.security.Provider;
import java.security.Security;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import sun.security.util.AlgorithmDecomposer;
import sun.security.util.DisabledAlgorithmConstraints;

/** What Java makes of entries of a list, of texts of properties, and what names it has. Texts are in hexadecimal. */
public class DropInJudge {
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("names")) printNames();
    for (int index = 1; index < arguments.length; index++) {
      String text = fromHex(arguments[index]);
      System.out.println(arguments[0].equals("entries") ? judgeEntry(text) : readProperties(text));
    }
  }

  static String judgeEntry(String entry) {
    Security.setProperty("judged", entry);
    try {
      new DisabledAlgorithmConstraints("judged");
      return "read";
    } catch (RuntimeException error) {
      return "fails";
    }
  }

  static String readProperties(String text) throws Exception {
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IllegalArgumentException error) {
      return "malformed";
    }
    StringBuilder found = new StringBuilder();
    for (Object key : new TreeSet<>(properties.keySet())) {
      found.append(toHex((String) key)).append('=');
      found.append(toHex(properties.getProperty((String) key))).append(' ');
    }
    return found.toString().trim();
  }

  static void printNames() throws Exception {
    var constructor = Class.forName("sun.security.ssl.SSLAlgorithmDecomposer").getDeclaredConstructor();
    constructor.setAccessible(true);
    AlgorithmDecomposer ofSuites = (AlgorithmDecomposer) constructor.newInstance();
    TreeSet<String> names = new TreeSet<>();
    for (Object suite : Class.forName("sun.security.ssl.CipherSuite").getEnumConstants()) {
      names.add(field(suite, "name"));
      if (valueOf(suite, "keyExchange") != null) names.addAll(ofSuites.decompose(field(suite, "name")));
    }
    for (String type : Set.of("ProtocolVersion", "NamedGroup")) {
      Object[] constants = Class.forName("sun.security.ssl." + type).getEnumConstants();
      for (Object constant : constants) names.add(field(constant, "name"));
    }
    Set<String> types = Set.of("Signature", "MessageDigest", "KeyPairGenerator");
    for (Provider provider : Security.getProviders())
      for (Provider.Service service : provider.getServices())
        if (types.contains(service.getType())) names.add(service.getAlgorithm());
    names.forEach(System.out::println);
  }

  static String field(Object object, String name) throws Exception {
    return (String) valueOf(object, name);
  }

  static Object valueOf(Object object, String name) throws Exception {
    Field field = object.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(object);
  }

  static String fromHex(String hex) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < hex.length(); at += 4)
      text.append((char) Integer.parseInt(hex.substring(at, at + 4), 16));
    return text.toString();
  }

  static String toHex(String text) {
    StringBuilder hex = new StringBuilder();
    for (char unit : text.toCharArray()) hex.append(String.format("%04x", (int) unit));
    return hex.toString();
  }
}
